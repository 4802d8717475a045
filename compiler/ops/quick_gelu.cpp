#include "compiler/ops/microsoft.hpp"

namespace inferc::op_QuickGelu {
namespace {

void infer(Infer&) {}

// x sigmoid(alpha x).
bool expand(Expand& e) {
  const DType t = e.type(0).dtype;
  Value* gate = e("Mul", {e.in(0), e.real(static_cast<double>(e.node.attr("alpha", 1.702f)), t)});
  e.give(0, e("Mul", {e.in(0), e("Sigmoid", {gate})}));
  return true;
}

}  // namespace

extern const Op op = {.name = "QuickGelu",
                      .domain = "com.microsoft",
                      .inputs = {{"X", types::floats}},
                      .attributes = {{"alpha", AttributeKind::real}},
                      .infer = infer,
                      .expand = expand,
                      .versions = "1"};

}  // namespace inferc::op_QuickGelu
