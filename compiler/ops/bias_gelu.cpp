#include "compiler/ops/microsoft.hpp"

namespace inferc::op_BiasGelu {
namespace {

void infer(Infer&) {}

bool expand(Expand& e) {
  e.give(0, e("Gelu", {e("Add", {e.in(0), e.in(1)})}));
  return true;
}

}  // namespace

extern const Op op = {
    .name = "BiasGelu", .domain = "com.microsoft", .inputs = {{"A", types::floats}, {"B", types::floats}}, .infer = infer, .expand = expand, .versions = "1"};

}  // namespace inferc::op_BiasGelu
