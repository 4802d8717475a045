#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Mish {
namespace {

void lower(Lower& l) { elementwise::lower1<functors::mish, FloatTypes>(l, "functors::mish", {}).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Mish",
                      .inputs = {{"X", types::floats}},
                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::mish"},
                      .versions = "18, 22"};

}  // namespace inferc::op_Mish
