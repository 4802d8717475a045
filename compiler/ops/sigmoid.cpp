#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Sigmoid {
namespace {

void lower(Lower& l) { elementwise::lower1<functors::sigmoid, FloatTypes>(l, "functors::sigmoid", {}).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Sigmoid",
                      .inputs = {{"X", types::floats}},

                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::sigmoid"},
                      .versions = "6, 9, 13"};

}  // namespace inferc::op_Sigmoid
