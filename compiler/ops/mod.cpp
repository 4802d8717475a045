#include "compiler/ops/content.hpp"
#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Mod {
namespace {

bool truncates(const Node& n) { return n.attr_int("fmod", 0) != 0; }

std::optional<Dim> on_dims(const Dim& a, const Dim& b, const Symbols& symbols) {
  if (!content::nonnegative(symbols, a) || !symbols.provably_le(1, b)) return std::nullopt;
  return inferc::mod(a, b);
}

void infer(Infer& i) {
  if (!truncates(i.node) && is_float(i.dtype(0))) {
    i.fail("floating-point operands need the attribute fmod = 1");
    return;
  }
  elementwise::infer<elementwise::Result::same, on_dims>(i);
}

void lower(Lower& l) {
  if (is_float(l.type(0).dtype)) elementwise::lower2<functors::fmod, FloatTypes, elementwise::Result::same>(l, "functors::fmod");
  else if (truncates(l.node)) elementwise::lower_division<functors::fmod>(l, "functors::fmod");
  else elementwise::lower_division<functors::mod>(l, "functors::mod");
}

}  // namespace

extern const Op op = {.name = "Mod",
                      .inputs = {{"A", types::numeric, Port::Arity::required, 'T'}, {"B", types::numeric, Port::Arity::required, 'T'}},
                      .attributes = {{"fmod", AttributeKind::integer}},
                      .infer = infer,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::fmod", nullptr, elementwise::on_floats},
                      .versions = "10, 13"};

}  // namespace inferc::op_Mod
