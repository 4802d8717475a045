#include "compiler/ops/indices.hpp"

#include <fmt/format.h>

namespace inferc::indices {
namespace {

std::vector<std::int64_t> integers(const Tensor& t) {
  if (t.dtype() == DType::int64) return {t.as<std::int64_t>().begin(), t.as<std::int64_t>().end()};
  if (t.dtype() == DType::int32) return {t.as<std::int32_t>().begin(), t.as<std::int32_t>().end()};
  return {};
}

}  // namespace

bool check(Infer& i, std::size_t input, const Dim& size) { return check_tuples(i, input, {size}); }

bool check_tuples(Infer& i, std::size_t input, const Shape& sizes) {
  const Value* v = i.node.in(input);
  if (!v->constant) return true;
  const auto all = integers(*v->constant);
  for (std::size_t k = 0; k < all.size(); ++k) {
    const Dim& n = sizes[k % sizes.size()];
    const std::int64_t most = i.symbols().bounds(n).upper;
    if (all[k] < -most || all[k] >= most) return i.fail(fmt::format("index {} is out of range for an axis of size {}", all[k], n.text()));
  }
  return true;
}

bool at_most(Infer& i, const Dim& size, const Dim& limit) {
  if (i.symbols().provably_le(size, limit)) return true;
  if (i.symbols().provably_le(limit + Dim(1), size)) return false;
  i.symbols().require_equal(min(size, limit), size, address(i.node));
  return true;
}

void bound(Lower& l, std::size_t input, const Dim& size) { l.bound_indices(l.in(input), Dim(0) - size, size - Dim(1)); }

void bound_tuples(Lower& l, std::size_t input, const Shape& sizes) {
  const Operand tuples = l.in(input);
  for (std::size_t d = 0; d < sizes.size(); ++d)
    l.bound_indices(slice_view(tuples, tuples.shape.size() - 1, Dim(static_cast<std::int64_t>(d)), Dim(1)), Dim(0) - sizes[d], sizes[d] - Dim(1));
}

Dim axis_size(const Lower& l) {
  const std::int64_t axis = l.node.attr_int("axis", 0);
  return l.shape(0)[from_front(axis, l.type(0).rank())];
}

}  // namespace inferc::indices
