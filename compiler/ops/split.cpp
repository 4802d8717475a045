#include <fmt/format.h>

#include "compiler/ops/content.hpp"
#include "compiler/ops/format.hpp"

namespace inferc::op_Split {
namespace {

// Those of the outputs' declared shapes.
std::optional<std::vector<Dim>> declared_parts(Infer& i, std::size_t axis) {
  std::vector<Dim> out;
  for (std::size_t k = 0; k < i.node.outputs.size(); ++k) {
    const auto shape = i.declared(1, k);
    if (!shape || shape->size() != i.shape(0).size()) return std::nullopt;
    out.push_back((*shape)[axis]);
  }
  if (out.size() > guarded_rank)
    return i.fail(fmt::format("input 'split' with {} elements is not known before run time", out.size()), "export it as a constant"), std::nullopt;
  return content::has_elements(i, 1, out.size()) ? std::optional(std::move(out)) : std::nullopt;
}

// Sizes of the outputs along the axis: operand `split`, else equal parts of which the last may be smaller.
std::optional<std::vector<Dim>> parts(Infer& i, std::size_t axis) {
  const Dim& n = i.shape(0)[axis];
  const std::size_t count = i.node.outputs.size();
  if (i.has(1)) {
    auto sizes = i.known(1) ? i.content(1) : declared_parts(i, axis);
    if (!sizes) return std::nullopt;
    if (sizes->size() != count) return i.fail(fmt::format("{} sizes for {} outputs", sizes->size(), count)), std::nullopt;
    Dim sum(0);
    for (const Dim& d : *sizes) {
      if (content::negative(i.symbols(), d)) return i.fail(fmt::format("a part has the size {}", d.text())), std::nullopt;
      sum = sum + d;
    }
    if (i.symbols().decide_equal(sum, n) == false)
      return i.fail(fmt::format("the sizes of the parts add up to {}, the dimension is {}", sum.text(), n.text())), std::nullopt;
    (void)i.unify(sum, n);
    return sizes;
  }
  const std::int64_t wanted = i.node.attr_int("num_outputs", static_cast<std::int64_t>(count));
  if (wanted != static_cast<std::int64_t>(count)) return i.fail(fmt::format("num_outputs is {}, the node has {} outputs", wanted, count)), std::nullopt;
  const Dim parts_count(wanted);
  if (!divided(n, parts_count) && i.node.attributes.contains("num_outputs")) {
    std::vector<Dim> out(count, ceil_div(n, parts_count));
    out.back() = n - ceil_div(n, parts_count) * Dim(wanted - 1);
    if (content::negative(i.symbols(), out.back())) return i.fail(fmt::format("{} elements cannot be split into {} parts", n.text(), wanted)), std::nullopt;
    return out;
  }
  const Dim part = floor_div(n, parts_count);
  if (i.symbols().decide_equal(part * parts_count, n) == false)
    return i.fail(fmt::format("{} elements are not divisible into {} equal parts", n.text(), wanted)), std::nullopt;
  (void)i.unify(part * parts_count, n);
  return std::vector<Dim>(count, part);
}

void infer(Infer& i) {
  const auto axis = i.axis_attr(0, i.rank(0));
  if (!axis) return;
  const auto sizes = parts(i, *axis);
  if (!sizes) return;
  const auto known = i.content(0);
  std::size_t at = 0;
  for (std::size_t k = 0; k < sizes->size(); ++k) {
    Shape out = i.shape(0);
    out[*axis] = (*sizes)[k];
    i.out(k, i.dtype(0), std::move(out));
    if (!known || !i.known(1) || i.rank(0) != 1 || !(*sizes)[k].is_constant()) continue;
    const auto count = static_cast<std::size_t>(*(*sizes)[k].constant());
    const auto begin = known->begin() + static_cast<std::ptrdiff_t>(at);
    i.out_content(k, {begin, begin + static_cast<std::ptrdiff_t>(count)});
    at += count;
  }
}

void lower(Lower& l) {
  const std::int64_t axis = l.node.attr_int("axis", 0);
  const auto d = from_front(axis, l.type(0).rank());
  std::vector<Dim> sizes;
  for (std::size_t k = 0; k < l.node.outputs.size(); ++k) sizes.push_back(l.out_type(k).shape[d]);
  content::guard_sizes(l, 1, sizes);
  Dim begin(0);
  for (std::size_t k = 0; k < l.node.outputs.size(); ++k) {
    if (!l.node.out(k)) internal_error(address(l.node) + " has an omitted output");
    const Dim size = l.out_type(k).shape[d];
    l.view(k, slice_view(l.in(0), d, begin, size));
    begin = begin + size;
  }
}

}  // namespace

extern const Op op = {.name = "Split",
                      .inputs = {{"input", types::any}, {"split", types::int64, Port::Arity::optional}},
                      .max_outputs = 65536,
                      .attributes = {{"axis", AttributeKind::integer}, {"num_outputs", AttributeKind::integer}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "2, 11, 13, 18"};

}  // namespace inferc::op_Split
