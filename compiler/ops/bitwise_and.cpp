#include "compiler/ops/elementwise.hpp"

namespace inferc::op_BitwiseAnd {
namespace {

void lower(Lower& l) { elementwise::lower2<functors::bitwise_and, IntegerTypes, elementwise::Result::same>(l, "functors::bitwise_and"); }

}  // namespace

extern const Op op = {.name = "BitwiseAnd",
                      .inputs = {{"A", types::integers, Port::Arity::required, 'T'}, {"B", types::integers, Port::Arity::required, 'T'}},
                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .versions = "18"};

}  // namespace inferc::op_BitwiseAnd
