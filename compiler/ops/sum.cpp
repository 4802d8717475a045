#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Sum {
namespace {

void lower(Lower& l) { elementwise::lower_variadic<functors::add, FloatTypes>(l, "functors::add"); }

}  // namespace

extern const Op op = {.name = "Sum",
                      .inputs = {{"data_0", types::floats, Port::Arity::variadic, 'T'}},
                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::add", nullptr, elementwise::two_inputs},
                      .versions = "6, 8, 13"};

}  // namespace inferc::op_Sum
