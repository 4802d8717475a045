#include "compiler/ops/microsoft.hpp"
#include "compiler/ops/quantize.hpp"

namespace inferc {
namespace {

void infer(Infer& i) {
  microsoft::check_scales(i, {1, 3});
  if (i.node.attr_int("channels_last", 0) != 0)
    i.fail("channels_last is not supported", "export it with the channels second");
}

}  // namespace

bool expand_QLinearAveragePool(Expand& e) {
  Value* x = microsoft::dequantized(e, 0);
  e.give(0, microsoft::quantized(e,
                                 e("AveragePool", {x},
                                   microsoft::kept(e.node, {"auto_pad", "ceil_mode", "count_include_pad",
                                                            "kernel_shape", "pads", "strides"})),
                                 3, e.type(0).dtype));
  return true;
}

extern const Op op_QLinearAveragePool = {.name = "QLinearAveragePool",
                                         .domain = "com.microsoft",
                                         .inputs = {{"X", quantized::bytes, Port::Arity::required, 'T'},
                                                    {"X_scale", TypeSet{DType::float32}},
                                                    {"X_zero_point", quantized::bytes, Port::Arity::optional, 'T'},
                                                    {"Y_scale", TypeSet{DType::float32}},
                                                    {"Y_zero_point", quantized::bytes, Port::Arity::optional, 'T'}},
                                         .attributes = {{"auto_pad", AttributeKind::string},
                                                        {"ceil_mode", AttributeKind::integer},
                                                        {"channels_last", AttributeKind::integer},
                                                        {"count_include_pad", AttributeKind::integer},
                                                        {"kernel_shape", AttributeKind::integers},
                                                        {"pads", AttributeKind::integers},
                                                        {"strides", AttributeKind::integers}},
                                         .infer = infer,
                                         .lower = lower_expanded,
                                         .versions = "1"};

}  // namespace inferc
