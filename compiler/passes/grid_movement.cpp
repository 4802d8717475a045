#include <algorithm>

#include "compiler/passes/grid_rules.hpp"

namespace inferc::grid {
namespace {

std::optional<Grid> whole_of(const View& v) {
  const Grid* x = v.in(0);
  return x ? std::optional(whole(*x)) : std::nullopt;
}

Dim product_of(const Shape& s, std::size_t first, std::size_t last) {
  return product({s.begin() + static_cast<std::ptrdiff_t>(first), s.begin() + static_cast<std::ptrdiff_t>(last)});
}

// Where the elements of an axis stay together: the axis of `to` that holds it, first with what stands behind it.
std::optional<std::size_t> axis_after(const Shape& from, std::size_t axis, const Shape& to) {
  const Dim before = product_of(from, 0, axis), rest = product_of(from, axis, from.size());
  for (std::size_t k = 0; k < to.size(); ++k)
    if (product_of(to, 0, k) == before && product_of(to, k, to.size()) == rest && to[k].is_constant() && !to[k].is(1)) return k;
  return std::nullopt;
}

// The same elements under another shape. [B, C, H, W] as [B, C*H*W] repeats the entries of C; other axes join the tensor.
std::optional<Grid> reshape(const View& v) {
  const Grid* x = v.in(0);
  if (!x || !x->axis) return x ? std::optional(*x) : std::nullopt;
  const Shape &from = v.shape(0), &to = v.out();
  const auto axis = axis_after(from, *x->axis, to);
  const auto n = static_cast<std::int64_t>(size(*x));
  if (!axis || *to[*axis].constant() % n != 0) return whole(*x);
  const auto times = *to[*axis].constant() / n;
  if (times > 1 && !(product_of(from, *x->axis, from.size()) == Dim(n * times) * product_of(to, *axis + 1, to.size()))) return whole(*x);
  Grid out{axis, {}, {}, {}, x->exact};
  for (std::size_t k = 0; k < size(*x); ++k)
    for (std::int64_t t = 0; t < times; ++t) append(out, entry(*x, k));
  return out;
}

std::optional<Grid> transpose(const View& v) {
  const Grid* x = v.in(0);
  if (!x || !x->axis) return x ? std::optional(*x) : std::nullopt;
  const std::size_t rank = v.out().size();
  const auto permutation = v.node.attr("perm", std::vector<std::int64_t>{});
  Grid out = *x;
  out.axis = rank - 1 - *x->axis;
  for (std::size_t d = 0; d < permutation.size(); ++d)
    if (static_cast<std::size_t>(permutation[d]) == *x->axis) out.axis = d;
  return out;
}

std::optional<Grid> expand(const View& v) { return v.in_result(0); }

constexpr std::int64_t most_entries = 1 << 16;

// Along its own axis entries follow each other, else one holds for all inputs.
std::optional<Grid> concat(const View& v) {
  const auto rank = static_cast<std::int64_t>(v.out().size());
  const std::size_t axis = static_cast<std::size_t>((v.node.attr_int("axis", 0) + rank) % rank);
  std::optional<Grid> out;
  for (std::size_t i = 0; i < v.node.inputs.size(); ++i) {
    const Grid* x = v.in(i);
    const auto n = v.shape(i)[axis].constant();
    if (!x) return std::nullopt;
    Grid part = n && *n <= most_entries && (!x->axis || x->axis == axis) ? Grid{axis, {}, {}, {}, x->exact} : whole(*x);
    for (std::int64_t k = 0; part.axis && k < *n; ++k) append(part, entry(*x, x->axis ? static_cast<std::size_t>(k) : 0));
    if (!out) {
      out = part;
    } else if (out->axis && part.axis) {
      for (std::size_t k = 0; k < size(part); ++k) append(*out, entry(part, k));
      out->exact = out->exact && part.exact;
    } else {
      out = zip(whole(*out), whole(part), hull);
    }
  }
  return out;
}

// The filling is an element, too.
std::optional<Grid> pad(const View& v) {
  const Grid* x = v.in(0);
  if (!x) return std::nullopt;
  if (v.node.attr("mode", std::string("constant")) != "constant") return whole(*x);
  const Grid zero = single({0, 0, 0});
  const Grid* filling = v.node.in(2) ? v.in(2) : &zero;
  return filling ? std::optional(zip(whole(*x), whole(*filling), hull)) : std::nullopt;
}

// Windows never join channels.
std::optional<Grid> max_pool(const View& v) {
  const Grid* x = v.in(0);
  if (!x) return std::nullopt;
  return x->axis && *x->axis > 1 ? whole(*x) : *x;
}

}  // namespace

const Rules& movement_rules() {
  static const Rules rules = {{"Concat", concat},    {"Expand", expand},   {"Flatten", reshape},     {"Gather", whole_of},    {"GlobalMaxPool", max_pool},
                              {"MaxPool", max_pool}, {"Pad", pad},         {"ReduceMax", whole_of},  {"ReduceMin", whole_of}, {"Reshape", reshape},
                              {"Slice", whole_of},   {"Squeeze", reshape}, {"Transpose", transpose}, {"Unsqueeze", reshape},  {"inferc.View", reshape}};
  return rules;
}

}  // namespace inferc::grid
