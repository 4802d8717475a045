#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Reciprocal {
namespace {

void lower(Lower& l) { elementwise::lower1<functors::reciprocal, FloatTypes>(l, "functors::reciprocal", {}).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Reciprocal",
                      .inputs = {{"X", types::floats}},

                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::reciprocal"},
                      .versions = "6, 9, 13"};

}  // namespace inferc::op_Reciprocal
