#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Shrink {
namespace {

std::vector<double> parameters(const Node& n) { return {n.attr("bias", 0.0f), n.attr("lambd", 0.5f)}; }

void lower(Lower& l) { elementwise::lower1<functors::shrink, FloatTypes>(l, "functors::shrink", parameters(l.node)); }

}  // namespace

extern const Op op = {.name = "Shrink",
                      .inputs = {{"input", types::floats}},
                      .attributes = {{"bias", AttributeKind::real}, {"lambd", AttributeKind::real}},
                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::shrink", parameters},
                      .versions = "9"};

}  // namespace inferc::op_Shrink
