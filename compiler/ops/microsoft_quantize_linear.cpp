#include "compiler/ops/microsoft.hpp"
#include "compiler/ops/quantize.hpp"

namespace inferc::op_MicrosoftQuantizeLinear {
namespace {

void infer(Infer&) {}

// As ONNX's, which has 16 bits since opset 21 only.
bool expand(Expand& e) {
  e.give(0, e("QuantizeLinear", e.node.inputs, microsoft::kept(e.node, {"axis"})));
  return true;
}

}  // namespace

extern const Op op = {.name = "QuantizeLinear",
                      .domain = "com.microsoft",
                      .inputs = {{"x", TypeSet{DType::float32, DType::float16}},
                                 {"y_scale", TypeSet{DType::float32, DType::float16}},
                                 {"y_zero_point", quantized::words, Port::Arity::optional}},
                      .attributes = {{"axis", AttributeKind::integer}},
                      .infer = infer,
                      .expand = expand,
                      .versions = "1"};

}  // namespace inferc::op_MicrosoftQuantizeLinear
