#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Sinh {
namespace {

void lower(Lower& l) { elementwise::lower1<functors::sinh, FloatTypes>(l, "functors::sinh", {}).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Sinh",
                      .inputs = {{"X", types::floats}},
                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::sinh"},
                      .versions = "9, 22"};

}  // namespace inferc::op_Sinh
