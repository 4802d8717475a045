#include "compiler/ops/content.hpp"
#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Min {
namespace {

std::optional<Dim> on_dims(const Dim& a, const Dim& b, const Symbols& symbols) { return content::min(symbols, a, b); }

void lower(Lower& l) { elementwise::lower_variadic<functors::min, NumericTypes>(l, "functors::min"); }

}  // namespace

extern const Op op = {.name = "Min",
                      .inputs = {{"data_0", types::numeric, Port::Arity::variadic, 'T'}},
                      .infer = elementwise::infer<elementwise::Result::same, on_dims>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::min", nullptr, elementwise::two_inputs},
                      .versions = "6, 8, 12, 13"};

}  // namespace inferc::op_Min
