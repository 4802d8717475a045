#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Elu {
namespace {

std::vector<double> parameters(const Node& n) { return {n.attr("alpha", 1.0f)}; }

void lower(Lower& l) { elementwise::lower1<functors::elu, FloatTypes>(l, "functors::elu", parameters(l.node)).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Elu",
                      .inputs = {{"X", types::floats}},
                      .attributes = {{"alpha", AttributeKind::real}},
                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::elu", parameters},
                      .versions = "6, 22"};

}  // namespace inferc::op_Elu
