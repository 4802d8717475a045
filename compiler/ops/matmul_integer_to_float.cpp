#include <fmt/format.h>

#include "compiler/ops/microsoft.hpp"
#include "compiler/ops/quantize.hpp"

namespace inferc::op_MatMulIntegerToFloat {
namespace {

constexpr std::size_t b_scale = 3, bias = 6;

void infer(Infer& i) {
  if (i.rank(1) < 2) i.fail(fmt::format("B is {}, a matrix is supported", text(i.type(1))));
  if (i.rank(2) > 1 || !product(i.shape(2)).is(1)) i.fail(fmt::format("a_scale is {}, a scalar is defined", text(i.type(2))));
  for (const std::size_t k : {b_scale, bias}) {
    if (!i.has(k) || i.rank(k) == 0) continue;
    if (i.rank(k) > 1) i.fail(fmt::format("{} is {}, one element or one for each column of B is defined", k == bias ? "bias" : "b_scale", text(i.type(k))));
    else if (!i.shape(k)[0].is(1)) static_cast<void>(i.unify(i.shape(k)[0], i.shape(1).back()));
  }
  if (auto shape = i.failed() ? std::nullopt : quantized::matmul_shape(i, {0, 1, 4, 5})) i.out(0, DType::float32, std::move(*shape));
}

// (A - a_zero_point) (B - b_zero_point) a_scale b_scale + bias.
bool expand(Expand& e) {
  Value* sum = e("MatMulInteger", {e.in(0), e.in(1), e.in(4), e.in(5)});
  Value* y = e("Mul", {e.cast(sum, DType::float32), e("Mul", {e.in(2), e.in(b_scale)})});
  e.give(0, e.has(bias) ? e("Add", {y, e.in(bias)}) : y);
  return true;
}

}  // namespace

extern const Op op = {.name = "MatMulIntegerToFloat",
                      .domain = "com.microsoft",
                      .inputs = {{"A", quantized::bytes, Port::Arity::required, 'A'},
                                 {"B", quantized::bytes, Port::Arity::required, 'B'},
                                 {"a_scale", TypeSet{DType::float32}},
                                 {"b_scale", TypeSet{DType::float32}},
                                 {"a_zero_point", quantized::bytes, Port::Arity::optional, 'A'},
                                 {"b_zero_point", quantized::bytes, Port::Arity::optional, 'B'},
                                 {"bias", TypeSet{DType::float32}, Port::Arity::optional}},
                      .infer = infer,
                      .expand = expand,
                      .versions = "1"};

}  // namespace inferc::op_MatMulIntegerToFloat
