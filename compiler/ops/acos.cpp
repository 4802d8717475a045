#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Acos {
namespace {

void lower(Lower& l) { elementwise::lower1<functors::acos, FloatTypes>(l, "functors::acos", {}).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Acos",
                      .inputs = {{"X", types::floats}},
                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::acos"},
                      .versions = "7, 22"};

}  // namespace inferc::op_Acos
