#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Equal {
namespace {

std::optional<Dim> on_dims(const Dim& a, const Dim& b, const Symbols& symbols) {
  const auto equal = symbols.decide_equal(a, b);
  return equal ? std::optional<Dim>(*equal ? 1 : 0) : std::nullopt;
}

void lower(Lower& l) { elementwise::lower2<functors::equal, AllTypes, elementwise::Result::boolean>(l, "functors::equal").flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Equal",
                      .inputs = {{"A", types::all, Port::Arity::required, 'T'}, {"B", types::all, Port::Arity::required, 'T'}},
                      .infer = elementwise::infer<elementwise::Result::boolean, on_dims>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::equal"},
                      .versions = "7, 11, 13, 19"};

}  // namespace inferc::op_Equal
