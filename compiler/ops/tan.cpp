#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Tan {
namespace {

void lower(Lower& l) { elementwise::lower1<functors::tan, FloatTypes>(l, "functors::tan", {}).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Tan",
                      .inputs = {{"X", types::floats}},
                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::tan"},
                      .versions = "7, 22"};

}  // namespace inferc::op_Tan
