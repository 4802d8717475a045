#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Xor {
namespace {

void lower(Lower& l) {
  elementwise::lower2<functors::logical_xor, BoolType, elementwise::Result::boolean>(l, "functors::logical_xor").flops = product(l.out_type().shape);
}

}  // namespace

extern const Op op = {.name = "Xor",
                      .inputs = {{"A", types::boolean, Port::Arity::required, 'T'}, {"B", types::boolean, Port::Arity::required, 'T'}},
                      .infer = elementwise::infer<elementwise::Result::boolean, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::logical_xor"},
                      .versions = "7"};

}  // namespace inferc::op_Xor
