#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Less {
namespace {

std::optional<Dim> on_dims(const Dim& a, const Dim& b, const Symbols& symbols) {
  if (symbols.provably_le(b, a)) return Dim(0);
  return symbols.provably_le(a + 1, b) ? std::optional<Dim>(1) : std::nullopt;
}

void lower(Lower& l) {
  elementwise::lower2<functors::less, NumericTypes, elementwise::Result::boolean>(l, "functors::less").flops = product(l.out_type().shape);
}

}  // namespace

extern const Op op = {.name = "Less",
                      .inputs = {{"A", types::numeric, Port::Arity::required, 'T'}, {"B", types::numeric, Port::Arity::required, 'T'}},
                      .infer = elementwise::infer<elementwise::Result::boolean, on_dims>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::less"},
                      .versions = "7, 9, 13"};

}  // namespace inferc::op_Less
