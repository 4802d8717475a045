#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Exp {
namespace {

void lower(Lower& l) { elementwise::lower1<functors::exp, FloatTypes>(l, "functors::exp", {}).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Exp",
                      .inputs = {{"X", types::floats}},

                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::exp"},
                      .versions = "6, 9, 13"};

}  // namespace inferc::op_Exp
