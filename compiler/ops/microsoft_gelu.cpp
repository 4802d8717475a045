#include "compiler/ops/microsoft.hpp"

namespace inferc::op_MicrosoftGelu {
namespace {

void infer(Infer&) {}

bool expand(Expand& e) {
  e.give(0, e("Gelu", {e.in(0)}));
  return true;
}

}  // namespace

extern const Op op = {.name = "Gelu", .domain = "com.microsoft", .inputs = {{"X", types::floats}}, .infer = infer, .expand = expand, .versions = "1"};

}  // namespace inferc::op_MicrosoftGelu
