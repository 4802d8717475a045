#include "compiler/ops/elementwise.hpp"

namespace inferc::op_IsInf {
namespace {

std::vector<double> parameters(const Node& n) {
  return {static_cast<double>(n.attr_int("detect_positive", 1)), static_cast<double>(n.attr_int("detect_negative", 1))};
}

void lower(Lower& l) { elementwise::lower1<functors::is_inf, FloatTypes>(l, "functors::is_inf", parameters(l.node)).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "IsInf",
                      .inputs = {{"X", types::floats}},
                      .attributes = {{"detect_negative", AttributeKind::integer}, {"detect_positive", AttributeKind::integer}},
                      .infer = elementwise::infer<elementwise::Result::boolean, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::is_inf", parameters},
                      .versions = "10, 20"};

}  // namespace inferc::op_IsInf
