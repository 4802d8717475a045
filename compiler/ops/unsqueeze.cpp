#include <fmt/format.h>

#include "compiler/ops/content.hpp"
#include "compiler/ops/format.hpp"
#include "kernels/ref/shape_operand.hpp"

namespace inferc::op_Unsqueeze {
namespace {

// With 1 at the axes of operand 1.
std::optional<Shape> extended(Infer& i) {
  const auto axes = i.integers(1);
  if (!axes) return std::nullopt;
  const int rank = i.rank(0) + static_cast<int>(axes->size());
  std::vector<bool> added(static_cast<std::size_t>(rank), false);
  for (const std::int64_t a : *axes) {
    const auto axis = i.axis(a, rank);
    if (!axis) return std::nullopt;
    if (added[*axis]) {
      i.fail(fmt::format("axis {} is given twice", a));
      return std::nullopt;
    }
    added[*axis] = true;
  }
  Shape out;
  std::size_t from = 0;
  for (const bool fresh : added) out.push_back(fresh ? Dim(1) : i.shape(0)[from++]);
  return out;
}

void infer(Infer& i) {
  auto out = i.known(1) ? extended(i) : i.declared(1);
  if (!out || (!i.known(1) && !content::same_size(i, i.shape(0), *out))) return;
  i.out(0, i.dtype(0), std::move(*out));
  if (auto known = i.content(0); known && i.known(1)) i.out_content(0, std::move(*known));
}

void lower(Lower& l) {
  content::guard_operand(l, 1, "ref::unsqueeze_fits", host(&ref::unsqueeze_fits<std::int64_t>), content::guarded_shapes(l));
  l.reshape();
}

}  // namespace

extern const Op op = {
    .name = "Unsqueeze", .inputs = {{"data", types::any}, {"axes", types::int64}}, .infer = infer, .lower = lower, .versions = "1, 11, 13, 21, 23, 24, 25"};

}  // namespace inferc::op_Unsqueeze
