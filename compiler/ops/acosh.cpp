#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Acosh {
namespace {

void lower(Lower& l) { elementwise::lower1<functors::acosh, FloatTypes>(l, "functors::acosh", {}).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Acosh",
                      .inputs = {{"X", types::floats}},
                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::acosh"},
                      .versions = "9, 22"};

}  // namespace inferc::op_Acosh
