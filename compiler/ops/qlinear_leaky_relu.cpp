#include "compiler/ops/microsoft.hpp"
#include "compiler/ops/quantize.hpp"

namespace inferc {
namespace {

void infer(Infer& i) { microsoft::check_scales(i, {1, 3}); }

}  // namespace

bool expand_QLinearLeakyRelu(Expand& e) {
  Value* x = microsoft::dequantized(e, 0);
  e.give(0, microsoft::quantized(e, e("LeakyRelu", {x}, {{"alpha", e.node.attr("alpha", 0.01f)}}), 3, e.type(0).dtype));
  return true;
}

extern const Op op_QLinearLeakyRelu = {.name = "QLinearLeakyRelu",
                                       .domain = "com.microsoft",
                                       .inputs = {{"X", quantized::bytes, Port::Arity::required, 'T'},
                                                  {"X_scale", TypeSet{DType::float32}},
                                                  {"X_zero_point", quantized::bytes, Port::Arity::optional, 'T'},
                                                  {"Y_scale", TypeSet{DType::float32}},
                                                  {"Y_zero_point", quantized::bytes, Port::Arity::optional, 'T'}},
                                       .attributes = {{"alpha", AttributeKind::real}},
                                       .infer = infer,
                                       .lower = lower_expanded,
                                       .versions = "1"};

}  // namespace inferc
