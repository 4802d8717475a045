#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Asinh {
namespace {

void lower(Lower& l) { elementwise::lower1<functors::asinh, FloatTypes>(l, "functors::asinh", {}).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Asinh",
                      .inputs = {{"X", types::floats}},
                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::asinh"},
                      .versions = "9, 22"};

}  // namespace inferc::op_Asinh
