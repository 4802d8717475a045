#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Selu {
namespace {

std::vector<double> parameters(const Node& n) { return {n.attr("alpha", 1.67326319217681884765625f), n.attr("gamma", 1.05070102214813232421875f)}; }

void lower(Lower& l) { elementwise::lower1<functors::selu, FloatTypes>(l, "functors::selu", parameters(l.node)).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Selu",
                      .inputs = {{"X", types::floats}},
                      .attributes = {{"alpha", AttributeKind::real}, {"gamma", AttributeKind::real}},
                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::selu", parameters},
                      .versions = "6, 22"};

}  // namespace inferc::op_Selu
