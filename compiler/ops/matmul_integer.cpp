#include "compiler/ops/quantize.hpp"

namespace inferc::op_MatMulInteger {
namespace {

constexpr quantized::MatMulInputs places{0, 1, 2, 3};

void infer(Infer& i) {
  if (auto shape = quantized::matmul_shape(i, places)) i.out(0, DType::int32, std::move(*shape));
}

void lower(Lower& l) { quantized::matmul(l, l.out_dense(), places); }

}  // namespace

extern const Op op = {.name = "MatMulInteger",
                      .inputs = {{"A", quantized::bytes, Port::Arity::required, 'A'},
                                 {"B", quantized::bytes, Port::Arity::required, 'B'},
                                 {"a_zero_point", quantized::bytes, Port::Arity::optional, 'A'},
                                 {"b_zero_point", quantized::bytes, Port::Arity::optional, 'B'}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "10"};

}  // namespace inferc::op_MatMulInteger
