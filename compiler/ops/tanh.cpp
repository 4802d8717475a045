#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Tanh {
namespace {

void lower(Lower& l) { elementwise::lower1<functors::tanh, FloatTypes>(l, "functors::tanh", {}).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Tanh",
                      .inputs = {{"X", types::floats}},

                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::tanh"},
                      .versions = "6, 9, 13"};

}  // namespace inferc::op_Tanh
