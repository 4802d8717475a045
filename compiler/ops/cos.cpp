#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Cos {
namespace {

void lower(Lower& l) { elementwise::lower1<functors::cos, FloatTypes>(l, "functors::cos", {}).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Cos",
                      .inputs = {{"X", types::floats}},
                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::cos"},
                      .versions = "7, 22"};

}  // namespace inferc::op_Cos
