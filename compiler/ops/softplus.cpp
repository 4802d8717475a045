#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Softplus {
namespace {

void lower(Lower& l) { elementwise::lower1<functors::softplus, FloatTypes>(l, "functors::softplus", {}).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Softplus",
                      .inputs = {{"X", types::floats}},
                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::softplus"},
                      .versions = "1, 22"};

}  // namespace inferc::op_Softplus
