#include "compiler/ops/microsoft.hpp"
#include "compiler/ops/quantize.hpp"

namespace inferc::op_QLinearWhere {
namespace {

void infer(Infer& i) { microsoft::check_scales(i, {2, 5, 7}); }

bool expand(Expand& e) {
  Value* y = e("Where", {e.in(0), microsoft::dequantized(e, 1), microsoft::dequantized(e, 4)});
  e.give(0, microsoft::quantized(e, y, 7, e.type(1).dtype));
  return true;
}

}  // namespace

extern const Op op = {.name = "QLinearWhere",
                      .domain = "com.microsoft",
                      .inputs = {{"condition", types::boolean},
                                 {"X", quantized::bytes, Port::Arity::required, 'T'},
                                 {"x_scale", TypeSet{DType::float32}},
                                 {"x_zero_point", quantized::bytes, Port::Arity::required, 'T'},
                                 {"Y", quantized::bytes, Port::Arity::required, 'T'},
                                 {"y_scale", TypeSet{DType::float32}},
                                 {"y_zero_point", quantized::bytes, Port::Arity::required, 'T'},
                                 {"z_scale", TypeSet{DType::float32}},
                                 {"z_zero_point", quantized::bytes, Port::Arity::required, 'T'}},
                      .infer = infer,
                      .expand = expand,
                      .versions = "1"};

}  // namespace inferc::op_QLinearWhere
