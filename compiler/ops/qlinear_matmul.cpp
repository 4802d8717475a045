#include "compiler/ops/quantize.hpp"

namespace inferc::op_QLinearMatMul {
namespace {

constexpr quantized::MatMulInputs places{0, 3, 2, 5};

std::size_t columns_of(const Shape& s) { return s.empty() ? 0 : s.size() - 1; }

void infer(Infer& i) {
  auto shape = quantized::matmul_shape(i, places);
  if (shape && quantized::check_requantize(i, *shape, 1, 4, columns_of(*shape), 6, 7)) i.out(0, i.dtype(7), std::move(*shape));
}

void lower(Lower& l) {
  const Operand sums = l.temporary(DType::int32, l.out_type().shape);
  quantized::matmul(l, sums, places);
  quantized::requantize(l, sums, 1, 4, columns_of(sums.shape), 6, 7);
}

}  // namespace

extern const Op op = {.name = "QLinearMatMul",
                      .inputs = {{"a", quantized::bytes, Port::Arity::required, 'A'},
                                 {"a_scale", quantized::scales},
                                 {"a_zero_point", quantized::bytes, Port::Arity::required, 'A'},
                                 {"b", quantized::bytes, Port::Arity::required, 'B'},
                                 {"b_scale", quantized::scales},
                                 {"b_zero_point", quantized::bytes, Port::Arity::required, 'B'},
                                 {"y_scale", quantized::scales},
                                 {"y_zero_point", quantized::bytes}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "10, 21"};

}  // namespace inferc::op_QLinearMatMul
