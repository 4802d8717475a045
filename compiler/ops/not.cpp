#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Not {
namespace {

void lower(Lower& l) { elementwise::lower1<functors::logical_not, BoolType>(l, "functors::logical_not", {}).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Not",
                      .inputs = {{"X", types::boolean}},

                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::logical_not"},
                      .versions = "1"};

}  // namespace inferc::op_Not
