#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Sqrt {
namespace {

void lower(Lower& l) { elementwise::lower1<functors::sqrt, FloatTypes>(l, "functors::sqrt", {}).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Sqrt",
                      .inputs = {{"X", types::floats}},

                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::sqrt"},
                      .versions = "6, 9, 13"};

}  // namespace inferc::op_Sqrt
