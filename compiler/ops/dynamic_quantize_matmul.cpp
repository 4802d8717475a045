#include "compiler/ops/microsoft.hpp"
#include "compiler/ops/quantize.hpp"

namespace inferc::op_DynamicQuantizeMatMul {
namespace {

void infer(Infer&) {}

// A is quantised by what it holds, and multiplied by B on integers.
bool expand(Expand& e) {
  const std::vector<Value*> a = e.several("DynamicQuantizeLinear", {e.in(0)}, 3);
  e.give(0, e("MatMulIntegerToFloat", {a[0], e.in(1), a[1], e.in(2), a[2], e.in(3), e.in(4)}, {}, "com.microsoft"));
  return true;
}

}  // namespace

extern const Op op = {.name = "DynamicQuantizeMatMul",
                      .domain = "com.microsoft",
                      .inputs = {{"A", TypeSet{DType::float32}},
                                 {"B", quantized::bytes, Port::Arity::required, 'B'},
                                 {"b_scale", TypeSet{DType::float32}},
                                 {"b_zero_point", quantized::bytes, Port::Arity::optional, 'B'},
                                 {"bias", TypeSet{DType::float32}, Port::Arity::optional}},
                      .infer = infer,
                      .expand = expand,
                      .versions = "1"};

}  // namespace inferc::op_DynamicQuantizeMatMul
