#include "compiler/ops/elementwise.hpp"

namespace inferc::op_And {
namespace {

void lower(Lower& l) {
  elementwise::lower2<functors::logical_and, BoolType, elementwise::Result::boolean>(l, "functors::logical_and").flops = product(l.out_type().shape);
}

}  // namespace

extern const Op op = {.name = "And",
                      .inputs = {{"A", types::boolean, Port::Arity::required, 'T'}, {"B", types::boolean, Port::Arity::required, 'T'}},
                      .infer = elementwise::infer<elementwise::Result::boolean, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::logical_and"},
                      .versions = "7"};

}  // namespace inferc::op_And
