#include "compiler/ops/elementwise.hpp"

namespace inferc::op_BitwiseOr {
namespace {

void lower(Lower& l) { elementwise::lower2<functors::bitwise_or, IntegerTypes, elementwise::Result::same>(l, "functors::bitwise_or"); }

}  // namespace

extern const Op op = {.name = "BitwiseOr",
                      .inputs = {{"A", types::integers, Port::Arity::required, 'T'}, {"B", types::integers, Port::Arity::required, 'T'}},
                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .versions = "18"};

}  // namespace inferc::op_BitwiseOr
