#include "compiler/ops/microsoft.hpp"
#include "compiler/ops/quantize.hpp"

namespace inferc::op_MicrosoftDequantizeLinear {
namespace {

void infer(Infer&) {}

// As ONNX's, which has 16 bits since opset 21 only.
bool expand(Expand& e) {
  e.give(0, e("DequantizeLinear", e.node.inputs, microsoft::kept(e.node, {"axis"})));
  return true;
}

}  // namespace

extern const Op op = {.name = "DequantizeLinear",
                      .domain = "com.microsoft",
                      .inputs = {{"x", quantized::words | TypeSet{DType::int32}, Port::Arity::required, 'T'},
                                 {"x_scale", TypeSet{DType::float32, DType::float16}},
                                 {"x_zero_point", quantized::words | TypeSet{DType::int32}, Port::Arity::optional, 'T'}},
                      .attributes = {{"axis", AttributeKind::integer}},
                      .infer = infer,
                      .expand = expand,
                      .versions = "1"};

}  // namespace inferc::op_MicrosoftDequantizeLinear
