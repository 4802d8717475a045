#include "compiler/ops/elementwise.hpp"

namespace inferc::op_ThresholdedRelu {
namespace {

std::vector<double> parameters(const Node& n) { return {n.attr("alpha", 1.0f)}; }

void lower(Lower& l) {
  elementwise::lower1<functors::thresholded_relu, FloatTypes>(l, "functors::thresholded_relu", parameters(l.node)).flops = product(l.out_type().shape);
}

}  // namespace

extern const Op op = {.name = "ThresholdedRelu",
                      .inputs = {{"X", types::floats}},
                      .attributes = {{"alpha", AttributeKind::real}},
                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::thresholded_relu", parameters},
                      .versions = "10, 22"};

}  // namespace inferc::op_ThresholdedRelu
