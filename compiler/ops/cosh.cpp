#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Cosh {
namespace {

void lower(Lower& l) { elementwise::lower1<functors::cosh, FloatTypes>(l, "functors::cosh", {}).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Cosh",
                      .inputs = {{"X", types::floats}},
                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::cosh"},
                      .versions = "9, 22"};

}  // namespace inferc::op_Cosh
