#include "compiler/ops/microsoft.hpp"

namespace inferc::op_FastGelu {
namespace {

void infer(Infer&) {}

bool expand(Expand& e) {
  Value* x = e.has(1) ? e("Add", {e.in(0), e.in(1)}) : e.in(0);
  e.give(0, e("Gelu", {x}, {{"approximate", std::string("tanh")}}));
  return true;
}

}  // namespace

extern const Op op = {.name = "FastGelu",
                      .domain = "com.microsoft",
                      .inputs = {{"X", types::floats}, {"bias", types::floats, Port::Arity::optional}},
                      .infer = infer,
                      .expand = expand,
                      .versions = "1"};

}  // namespace inferc::op_FastGelu
