#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Sin {
namespace {

void lower(Lower& l) { elementwise::lower1<functors::sin, FloatTypes>(l, "functors::sin", {}).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Sin",
                      .inputs = {{"X", types::floats}},
                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::sin"},
                      .versions = "7, 22"};

}  // namespace inferc::op_Sin
