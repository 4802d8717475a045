#include "compiler/ops/elementwise.hpp"

namespace inferc::op_GreaterOrEqual {
namespace {

void lower(Lower& l) {
  elementwise::lower2<functors::greater_or_equal, NumericTypes, elementwise::Result::boolean>(l, "functors::greater_or_equal").flops =
      product(l.out_type().shape);
}

}  // namespace

extern const Op op = {.name = "GreaterOrEqual",
                      .inputs = {{"A", types::numeric, Port::Arity::required, 'T'}, {"B", types::numeric, Port::Arity::required, 'T'}},
                      .infer = elementwise::infer<elementwise::Result::boolean, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::greater_or_equal"},
                      .versions = "12, 16"};

}  // namespace inferc::op_GreaterOrEqual
