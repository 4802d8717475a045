#include "compiler/ops/microsoft.hpp"

namespace inferc {
namespace {

void infer(Infer&) {}

}  // namespace

bool expand_Gelu(Expand& e) {
  e.give(0, e("Gelu", {e.in(0)}));
  return true;
}

extern const Op op_MicrosoftGelu = {
    .name = "Gelu", .domain = "com.microsoft", .inputs = {{"X", types::floats}}, .infer = infer, .lower = lower_expanded, .versions = "1"};

}  // namespace inferc
