#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Celu {
namespace {

std::vector<double> parameters(const Node& n) { return {n.attr("alpha", 1.0f)}; }

void lower(Lower& l) { elementwise::lower1<functors::celu, FloatTypes>(l, "functors::celu", parameters(l.node)).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Celu",
                      .inputs = {{"X", types::floats}},
                      .attributes = {{"alpha", AttributeKind::real}},
                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::celu", parameters},
                      .versions = "12"};

}  // namespace inferc::op_Celu
