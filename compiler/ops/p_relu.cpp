#include "compiler/ops/elementwise.hpp"

namespace inferc::op_PRelu {
namespace {

void infer(Infer& i) {
  const Shape shape = i.broadcast(i.shape(0), i.shape(1));
  if (shape != i.shape(0)) i.fail("slope " + text(i.type(1)) + " does not broadcast to " + text(i.type(0)));
  i.out(0, i.dtype(0), shape);
}

void lower(Lower& l) {
  elementwise::lower2<functors::prelu, NumericTypes, elementwise::Result::same>(l, "functors::prelu").flops = product(l.out_type().shape);
}

}  // namespace

extern const Op op = {.name = "PRelu",
                      .inputs = {{"X", types::numeric, Port::Arity::required, 'T'}, {"slope", types::numeric, Port::Arity::required, 'T'}},
                      .infer = infer,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::prelu", nullptr, elementwise::on_floats},
                      .versions = "7, 9, 16"};

}  // namespace inferc::op_PRelu
