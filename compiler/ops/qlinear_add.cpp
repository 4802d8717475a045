#include "compiler/ops/microsoft.hpp"
#include "compiler/ops/quantize.hpp"

namespace inferc {
namespace {

void infer(Infer& i) { microsoft::check_scales(i, {1, 4, 6}); }

}  // namespace

bool expand_QLinearAdd(Expand& e) {
  e.give(0, microsoft::quantized(e, e("Add", {microsoft::dequantized(e, 0), microsoft::dequantized(e, 3)}), 6,
                                 e.type(0).dtype));
  return true;
}

extern const Op op_QLinearAdd = {.name = "QLinearAdd",
                                 .domain = "com.microsoft",
                                 .inputs = {{"A", quantized::bytes, Port::Arity::required, 'T'},
                                            {"A_scale", TypeSet{DType::float32}},
                                            {"A_zero_point", quantized::bytes, Port::Arity::optional, 'T'},
                                            {"B", quantized::bytes, Port::Arity::required, 'T'},
                                            {"B_scale", TypeSet{DType::float32}},
                                            {"B_zero_point", quantized::bytes, Port::Arity::optional, 'T'},
                                            {"C_scale", TypeSet{DType::float32}},
                                            {"C_zero_point", quantized::bytes, Port::Arity::optional, 'T'}},
                                 .infer = infer,
                                 .lower = lower_expanded,
                                 .versions = "1"};

}  // namespace inferc
