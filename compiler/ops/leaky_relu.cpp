#include "compiler/ops/elementwise.hpp"

namespace inferc::op_LeakyRelu {
namespace {

std::vector<double> parameters(const Node& n) { return {n.attr("alpha", 0.01f)}; }

void lower(Lower& l) {
  elementwise::lower1<functors::leaky_relu, FloatTypes>(l, "functors::leaky_relu", parameters(l.node)).flops = product(l.out_type().shape);
}

}  // namespace

extern const Op op = {.name = "LeakyRelu",
                      .inputs = {{"X", types::floats}},
                      .attributes = {{"alpha", AttributeKind::real}},
                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::leaky_relu", parameters},
                      .versions = "6, 16"};

}  // namespace inferc::op_LeakyRelu
