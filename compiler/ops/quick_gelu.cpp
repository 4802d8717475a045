#include "compiler/ops/microsoft.hpp"

namespace inferc {
namespace {

void infer(Infer&) {}

}  // namespace

// x sigmoid(alpha x).
bool expand_QuickGelu(Expand& e) {
  const DType t = e.type(0).dtype;
  Value* gate = e("Mul", {e.in(0), e.real(static_cast<double>(e.node.attr("alpha", 1.702f)), t)});
  e.give(0, e("Mul", {e.in(0), e("Sigmoid", {gate})}));
  return true;
}

extern const Op op_QuickGelu = {.name = "QuickGelu",
                                .domain = "com.microsoft",
                                .inputs = {{"X", types::floats}},
                                .attributes = {{"alpha", AttributeKind::real}},
                                .infer = infer,
                                .lower = lower_expanded,
                                .versions = "1"};

}  // namespace inferc
