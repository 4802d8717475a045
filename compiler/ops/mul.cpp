#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Mul {
namespace {

std::optional<Dim> on_dims(const Dim& a, const Dim& b, const Symbols&) { return a * b; }

void lower(Lower& l) { elementwise::lower2<functors::mul, NumericTypes, elementwise::Result::same>(l, "functors::mul").flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Mul",
                      .inputs = {{"A", types::numeric, Port::Arity::required, 'T'}, {"B", types::numeric, Port::Arity::required, 'T'}},
                      .infer = elementwise::infer<elementwise::Result::same, on_dims>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::mul"},
                      .versions = "7, 13, 14"};

}  // namespace inferc::op_Mul
