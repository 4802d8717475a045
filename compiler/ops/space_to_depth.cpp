#include <fmt/format.h>

#include "compiler/ops/format.hpp"
#include "compiler/ops/op.hpp"

namespace inferc::op_SpaceToDepth {
namespace {

void infer(Infer& i) {
  const std::int64_t b = i.node.attr_int("blocksize", 0);
  if (i.rank(0) != 4 || b < 1) {
    i.fail(fmt::format("input {} and blocksize {}: rank 4 and a positive size are defined", text(i.type(0)), b));
    return;
  }
  const Shape& x = i.shape(0);
  const auto height = divided(x[2], b), width = divided(x[3], b);
  if (!height || !width) {
    i.fail(fmt::format("{} is not divisible by blocksize {}", text(i.type(0)), b));
    return;
  }
  i.out(0, i.dtype(0), {x[0], x[1] * Dim(b * b), *height, *width});
}

// [N, C, H, b, W, b] to [N, b, b, C, H, W]
void lower(Lower& l) {
  const Dim b = l.node.attr_int("blocksize", 0);
  const Shape &x = l.shape(0), &y = l.out_type().shape;
  const Operand blocks = transpose_view(*reshape_view(l.in_dense(0), {x[0], x[1], y[2], b, y[3], b}), {0, 3, 5, 1, 2, 4});
  l.view(0, *reshape_view(l.dense(blocks), y));
}

}  // namespace

extern const Op op = {.name = "SpaceToDepth",
                      .inputs = {{"input", types::any}},
                      .attributes = {{"blocksize", AttributeKind::integer}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "1, 13"};

}  // namespace inferc::op_SpaceToDepth
