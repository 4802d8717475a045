#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Erf {
namespace {

void lower(Lower& l) { elementwise::lower1<functors::erf, FloatTypes>(l, "functors::erf", {}).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Erf",
                      .inputs = {{"X", types::floats}},

                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::erf"},
                      .versions = "9, 13"};

}  // namespace inferc::op_Erf
