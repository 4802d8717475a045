#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Or {
namespace {

void lower(Lower& l) {
  elementwise::lower2<functors::logical_or, BoolType, elementwise::Result::boolean>(l, "functors::logical_or").flops = product(l.out_type().shape);
}

}  // namespace

extern const Op op = {.name = "Or",
                      .inputs = {{"A", types::boolean, Port::Arity::required, 'T'}, {"B", types::boolean, Port::Arity::required, 'T'}},
                      .infer = elementwise::infer<elementwise::Result::boolean, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::logical_or"},
                      .versions = "7"};

}  // namespace inferc::op_Or
