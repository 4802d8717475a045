#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Floor {
namespace {

void lower(Lower& l) { elementwise::lower1<functors::floor, FloatTypes>(l, "functors::floor", {}).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Floor",
                      .inputs = {{"X", types::floats}},

                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::floor"},
                      .versions = "6, 9, 13"};

}  // namespace inferc::op_Floor
