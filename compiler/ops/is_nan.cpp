#include "compiler/ops/elementwise.hpp"

namespace inferc::op_IsNaN {
namespace {

void lower(Lower& l) { elementwise::lower1<functors::is_nan, FloatTypes>(l, "functors::is_nan", {}).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "IsNaN",
                      .inputs = {{"X", types::floats}},
                      .infer = elementwise::infer<elementwise::Result::boolean, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::is_nan"},
                      .versions = "9, 13, 20"};

}  // namespace inferc::op_IsNaN
