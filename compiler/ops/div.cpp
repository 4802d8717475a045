#include "compiler/ops/content.hpp"
#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Div {
namespace {

// Division of integers truncates: it is the floor where both are known not to be negative.
std::optional<Dim> on_dims(const Dim& a, const Dim& b, const Symbols& symbols) {
  if (a.is_constant() && b.is_constant() && !b.is(0) && !b.is(-1)) return Dim(*a.constant() / *b.constant());
  if (!content::nonnegative(symbols, a) || !symbols.provably_le(1, b)) return std::nullopt;
  return floor_div(a, b);
}

void lower(Lower& l) {
  if (is_integer(l.type(0).dtype)) return elementwise::lower_division<functors::div>(l, "functors::div");
  elementwise::lower2<functors::div, FloatTypes, elementwise::Result::same>(l, "functors::div").flops = product(l.out_type().shape);
}

}  // namespace

extern const Op op = {.name = "Div",
                      .inputs = {{"A", types::numeric, Port::Arity::required, 'T'}, {"B", types::numeric, Port::Arity::required, 'T'}},
                      .infer = elementwise::infer<elementwise::Result::same, on_dims>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::div", nullptr, elementwise::on_floats},
                      .versions = "7, 13, 14"};

}  // namespace inferc::op_Div
