#include "compiler/ops/elementwise.hpp"

namespace inferc::op_LessOrEqual {
namespace {

void lower(Lower& l) {
  elementwise::lower2<functors::less_or_equal, NumericTypes, elementwise::Result::boolean>(l, "functors::less_or_equal").flops = product(l.out_type().shape);
}

}  // namespace

extern const Op op = {.name = "LessOrEqual",
                      .inputs = {{"A", types::numeric, Port::Arity::required, 'T'}, {"B", types::numeric, Port::Arity::required, 'T'}},
                      .infer = elementwise::infer<elementwise::Result::boolean, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::less_or_equal"},
                      .versions = "12, 16"};

}  // namespace inferc::op_LessOrEqual
