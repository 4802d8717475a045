#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Ceil {
namespace {

void lower(Lower& l) { elementwise::lower1<functors::ceil, FloatTypes>(l, "functors::ceil", {}).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Ceil",
                      .inputs = {{"X", types::floats}},

                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::ceil"},
                      .versions = "6, 9, 13"};

}  // namespace inferc::op_Ceil
