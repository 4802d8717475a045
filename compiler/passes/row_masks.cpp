#include "compiler/passes/row_masks.hpp"

#include <algorithm>

#include "compiler/ops/op.hpp"

namespace inferc {
namespace row_masks_detail {
namespace {

std::optional<double> number(const Value* v, std::int64_t i) {
  return number_at<float, double, std::int64_t, std::int32_t, bool>(*v->constant, static_cast<std::size_t>(i));
}

std::optional<std::int64_t> integer(const Value* v) {
  return v && v->is_constant() && v->constant->size() == 1 ? number_at<std::int64_t, std::int32_t>(*v->constant, 0) : std::nullopt;
}

// The size of the axis where only ones follow it, and the axis counts to `rank`.
std::optional<std::int64_t> last_size(const Shape& shape, std::int64_t axis) {
  const std::size_t at = from_front(axis, std::ssize(shape));
  if (at >= shape.size() || !product({shape.begin() + static_cast<std::ptrdiff_t>(at) + 1, shape.end()}).is(1)) return std::nullopt;
  return shape[at].constant();
}

// The column of input 0 that is the one of the Slice.
std::optional<Column> of_slice(const Node& n, const Column& c) {
  const auto start = integer(n.in(1)), axis = integer(n.in(3)), step = n.in(4) ? integer(n.in(4)) : 1;
  if (!start || !axis || !step || *step < 1) return std::nullopt;
  const auto from = last_size(n.in(0)->type->shape, *axis), to = last_size(n.out()->type->shape, *axis);
  if (!from || to != c.width) return std::nullopt;
  const std::int64_t first = std::clamp<std::int64_t>(*start < 0 ? *start + *from : *start, 0, *from);
  return Column{n.in(0), first + *step * c.index, *from};
}

std::optional<Column> of_gather(const Node& n, const Column& c) {
  const auto index = integer(n.in(1)), from = last_size(n.in(0)->type->shape, n.attr_int("axis", 0));
  if (!index || !from || c.width != 1) return std::nullopt;
  return Column{n.in(0), *index < 0 ? *index + *from : *index, *from};
}

std::optional<Column> of_split(const Node& n, const Column& c) {
  const std::int64_t axis = n.attr_int("axis", 0);
  const auto from = last_size(n.in(0)->type->shape, axis);
  std::int64_t first = 0;
  for (const Value* v : n.outputs) {
    const auto size = v ? last_size(v->type->shape, axis) : std::nullopt;
    if (!from || !size) return std::nullopt;
    if (v == c.of) return *size == c.width ? std::optional(Column{n.in(0), first + c.index, *from}) : std::nullopt;
    first += *size;
  }
  return std::nullopt;
}

std::optional<Column> of_concat(const Node& n, const Column& c) {
  const std::int64_t axis = n.attr_int("axis", 0);
  if (last_size(n.out()->type->shape, axis) != c.width) return std::nullopt;
  std::int64_t first = 0;
  for (Value* v : n.inputs) {
    const auto size = last_size(v->type->shape, axis);
    if (!size) return std::nullopt;
    if (c.index < first + *size) return Column{v, c.index - first, *size};
    first += *size;
  }
  return std::nullopt;
}

// Behind what only moves elements.
Column origin(Column c) {
  while (const Node* n = c.of->producer) {
    const auto before = n->is("View", "inferc") ? std::optional(Column{n->in(0), c.index, c.width})
                        : n->is("Slice")        ? of_slice(*n, c)
                        : n->is("Gather")       ? of_gather(*n, c)
                        : n->is("Split")        ? of_split(*n, c)
                        : n->is("Concat")       ? of_concat(*n, c)
                                                : std::nullopt;
    if (!before) break;
    c = *before;
  }
  return c;
}

// The column of an operand, which may broadcast along the rows of `c`.
std::optional<Column> operand_column(Value* v, const Column& c) {
  const Shape &shape = v->type->shape, &out = c.of->type->shape;
  if (shape == out) return Column{v, c.index, c.width};
  const bool along = shape.size() == out.size() && !out.empty() && out.back().is(c.width) && shape.back().is(1);
  if (!along || !std::equal(shape.begin(), shape.end() - 1, out.begin())) return std::nullopt;
  return Column{v, 0, 1};
}

// What the constant has in a column: one element, or a row of them.
std::optional<double> constant_in(const Value* v, const Column& c) {
  if (!v->is_constant()) return std::nullopt;
  const auto& shape = v->constant->shape();
  if (v->constant->size() == 1) return number(v, 0);
  const bool row = shape.back() == c.width && v->constant->size() == static_cast<std::size_t>(c.width) && c.of->type->shape.back().is(c.width);
  return row ? number(v, c.index) : std::nullopt;
}

std::vector<RowMask::Condition> whole(const Column& c) { return {{c, 1, true}}; }

constexpr int deepest = 8;  // And of And ...: the conditions may double at each

std::optional<std::vector<RowMask::Condition>> conditions(const Column& c, int depth);

std::optional<std::vector<RowMask::Condition>> of_equal(const Node& n, const Column& c) {
  for (std::size_t i = 0; i < 2; ++i) {
    const auto element = constant_in(n.in(1 - i), c);
    const auto column = element ? operand_column(n.in(i), c) : std::nullopt;
    if (column) return std::vector<RowMask::Condition>{{origin(*column), *element, true}};
  }
  return std::nullopt;
}

std::optional<std::vector<RowMask::Condition>> of_and(const Node& n, const Column& c, int depth) {
  std::vector<RowMask::Condition> out;
  for (Value* side : n.inputs) {
    const auto column = operand_column(side, c);
    const auto more = column ? conditions(origin(*column), depth + 1) : std::nullopt;
    if (!more) return std::nullopt;
    out.insert(out.end(), more->begin(), more->end());
  }
  return out;
}

std::optional<std::vector<RowMask::Condition>> of_not(const Node& n, const Column& c, int depth) {
  auto out = conditions(origin({n.in(0), c.index, c.width}), depth + 1);
  if (!out || out->size() != 1) return std::nullopt;
  out->front().holds = !out->front().holds;
  return out;
}

// Column k of a row is one where the index is k, or k less the depth: no condition on the index itself, but one on the row.
std::optional<std::vector<RowMask::Condition>> of_one_hot(const Node& n, const Column& c) {
  const Value* values = n.in(2);
  const bool one_zero = values->is_constant() && values->constant->size() == 2 && number(values, 0) == 0.0 && number(values, 1) == 1.0;
  if (!one_zero || last_size(n.out()->type->shape, n.attr_int("axis", -1)) != c.width) return std::nullopt;
  return std::vector<RowMask::Condition>{{{c.of, -1, c.width}, static_cast<double>(c.index), true}};
}

std::optional<std::vector<RowMask::Condition>> conditions(const Column& c, int depth) {
  const Node* n = depth < deepest ? c.of->producer : nullptr;
  const auto found = !n                ? std::nullopt
                     : n->is("Cast")   ? conditions(origin({n->in(0), c.index, c.width}), depth + 1)
                     : n->is("Equal")  ? of_equal(*n, c)
                     : n->is("And")    ? of_and(*n, c, depth)
                     : n->is("Not")    ? of_not(*n, c, depth)
                     : n->is("OneHot") ? of_one_hot(*n, c)
                                       : std::nullopt;
  return found || c.of->type->dtype != DType::boolean ? found : whole(c);
}

bool contradict(const RowMask::Condition& a, const RowMask::Condition& b) {
  if (!(a.of == b.of)) return false;
  return a.holds && b.holds ? a.equals != b.equals : a.holds != b.holds && a.equals == b.equals;
}

}  // namespace
}  // namespace row_masks_detail

std::optional<RowMask> row_mask(const Column& column) {
  using namespace row_masks_detail;
  const Column at = origin(column);
  auto all = conditions(at, 0);
  return all ? std::optional(RowMask{at, std::move(*all)}) : std::nullopt;
}

bool exclusive(const RowMask& a, const RowMask& b) {
  using namespace row_masks_detail;
  return std::any_of(a.conditions.begin(), a.conditions.end(), [&](const RowMask::Condition& x) {
    return std::any_of(b.conditions.begin(), b.conditions.end(), [&](const RowMask::Condition& y) { return contradict(x, y); });
  });
}

}  // namespace inferc
