#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Swish {
namespace {

std::vector<double> parameters(const Node& n) { return {n.attr("alpha", 1.0f)}; }

void lower(Lower& l) { elementwise::lower1<functors::swish, FloatTypes>(l, "functors::swish", parameters(l.node)).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Swish",
                      .inputs = {{"X", types::floats}},
                      .attributes = {{"alpha", AttributeKind::real}},
                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::swish", parameters},
                      .versions = "24"};

}  // namespace inferc::op_Swish
