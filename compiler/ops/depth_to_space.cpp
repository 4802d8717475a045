#include <fmt/format.h>

#include "compiler/ops/format.hpp"
#include "compiler/ops/op.hpp"

namespace inferc::op_DepthToSpace {
namespace {

void infer(Infer& i) {
  const std::int64_t b = i.node.attr_int("blocksize", 0);
  const std::string mode = i.node.attr("mode", std::string("DCR"));
  if (i.rank(0) != 4 || b < 1 || (mode != "DCR" && mode != "CRD")) {
    i.fail(fmt::format("input {}, blocksize {} and mode '{}': rank 4, a positive size and DCR or CRD are defined", text(i.type(0)), b, escape(mode)));
    return;
  }
  const Shape& x = i.shape(0);
  const auto depth = divided(x[1], b * b);
  if (!depth) {
    i.fail(fmt::format("{} channels are not divisible by blocksize^2 = {}", x[1].text(), b * b));
    return;
  }
  i.out(0, i.dtype(0), {x[0], *depth, x[2] * Dim(b), x[3] * Dim(b)});
}

// [N, b, b, C, H, W] (DCR) or [N, C, b, b, H, W] (CRD) to [N, C, H, b, W, b]
void lower(Lower& l) {
  const Dim b = l.node.attr_int("blocksize", 0);
  const Shape &x = l.shape(0), &y = l.out_type().shape;
  const bool depth_first = l.node.attr("mode", std::string("DCR")) == "DCR";
  const Shape split = depth_first ? Shape{x[0], b, b, y[1], x[2], x[3]} : Shape{x[0], y[1], b, b, x[2], x[3]};
  const Operand blocks = transpose_view(*reshape_view(l.in_dense(0), split),
                                        depth_first ? std::vector<std::int64_t>{0, 3, 4, 1, 5, 2} : std::vector<std::int64_t>{0, 1, 4, 2, 5, 3});
  l.view(0, *reshape_view(l.dense(blocks), y));
}

}  // namespace

extern const Op op = {.name = "DepthToSpace",
                      .inputs = {{"input", types::any}},
                      .attributes = {{"blocksize", AttributeKind::integer}, {"mode", AttributeKind::string}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "1, 11, 13"};

}  // namespace inferc::op_DepthToSpace
