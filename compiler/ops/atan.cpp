#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Atan {
namespace {

void lower(Lower& l) { elementwise::lower1<functors::atan, FloatTypes>(l, "functors::atan", {}).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Atan",
                      .inputs = {{"X", types::floats}},
                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::atan"},
                      .versions = "7, 22"};

}  // namespace inferc::op_Atan
