#include "compiler/ops/elementwise.hpp"

namespace inferc::op_HardSigmoid {
namespace {

std::vector<double> parameters(const Node& n) { return {n.attr("alpha", 0.2f), n.attr("beta", 0.5f)}; }

void lower(Lower& l) {
  elementwise::lower1<functors::hard_sigmoid, FloatTypes>(l, "functors::hard_sigmoid", parameters(l.node)).flops = product(l.out_type().shape);
}

}  // namespace

extern const Op op = {.name = "HardSigmoid",
                      .inputs = {{"X", types::floats}},
                      .attributes = {{"alpha", AttributeKind::real}, {"beta", AttributeKind::real}},
                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::hard_sigmoid", parameters},
                      .versions = "6, 22"};

}  // namespace inferc::op_HardSigmoid
