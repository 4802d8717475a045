#include "compiler/ops/elementwise.hpp"

namespace inferc::op_BitwiseNot {
namespace {

void lower(Lower& l) { elementwise::lower1<functors::bitwise_not, IntegerTypes>(l, "functors::bitwise_not", {}).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "BitwiseNot",
                      .inputs = {{"X", types::integers}},
                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .versions = "18"};

}  // namespace inferc::op_BitwiseNot
