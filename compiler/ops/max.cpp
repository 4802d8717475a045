#include "compiler/ops/content.hpp"
#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Max {
namespace {

std::optional<Dim> on_dims(const Dim& a, const Dim& b, const Symbols& symbols) { return content::max(symbols, a, b); }

void lower(Lower& l) { elementwise::lower_variadic<functors::max, NumericTypes>(l, "functors::max"); }

}  // namespace

extern const Op op = {.name = "Max",
                      .inputs = {{"data_0", types::numeric, Port::Arity::variadic, 'T'}},
                      .infer = elementwise::infer<elementwise::Result::same, on_dims>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::max", nullptr, elementwise::two_inputs},
                      .versions = "6, 8, 12, 13"};

}  // namespace inferc::op_Max
