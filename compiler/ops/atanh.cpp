#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Atanh {
namespace {

void lower(Lower& l) { elementwise::lower1<functors::atanh, FloatTypes>(l, "functors::atanh", {}).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Atanh",
                      .inputs = {{"X", types::floats}},
                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::atanh"},
                      .versions = "9, 22"};

}  // namespace inferc::op_Atanh
