#include "compiler/ops/elementwise.hpp"

namespace inferc::op_HardSwish {
namespace {

void lower(Lower& l) { elementwise::lower1<functors::hard_swish, FloatTypes>(l, "functors::hard_swish", {}).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "HardSwish",
                      .inputs = {{"X", types::floats}},
                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::hard_swish"},
                      .versions = "14, 22"};

}  // namespace inferc::op_HardSwish
