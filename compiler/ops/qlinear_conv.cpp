#include <fmt/format.h>

#include "compiler/ops/conv_integer.hpp"
#include "compiler/ops/quantize.hpp"

namespace inferc::op_QLinearConv {
namespace {

constexpr conv_integer::Inputs places{{0, 3, 8}, 2, 5};

void infer(Infer& i) {
  auto s = conv_integer::shape(i, places);
  if (!s) return;
  for (const std::size_t k : {1U, 6U, 7U})
    if (!product(i.shape(k)).is(1) || i.rank(k) > 1) i.fail(fmt::format("input {} is {}, it must be one value", k, text(i.type(k))));
  if (i.rank(4) > 1) i.fail(fmt::format("w_scale is {}, it must be one value or one per filter", text(i.type(4))));
  if (!i.failed() && quantized::check_spread(i, 4, 1, *s)) i.out(0, i.dtype(7), std::move(*s));
}

void lower(Lower& l) {
  const Operand sums = l.temporary(DType::int32, l.out_type().shape);
  conv_integer::lower(l, sums, places);
  quantized::requantize(l, sums, 1, 4, 1, 6, 7);
}

}  // namespace

extern const Op op = {.name = "QLinearConv",
                      .inputs = {{"x", quantized::bytes, Port::Arity::required, 'X'},
                                 {"x_scale", quantized::scales},
                                 {"x_zero_point", quantized::bytes, Port::Arity::required, 'X'},
                                 {"w", quantized::bytes, Port::Arity::required, 'W'},
                                 {"w_scale", quantized::scales},
                                 {"w_zero_point", quantized::bytes, Port::Arity::required, 'W'},
                                 {"y_scale", quantized::scales},
                                 {"y_zero_point", quantized::bytes},
                                 {"B", TypeSet{DType::int32}, Port::Arity::optional}},
                      .attributes = convolution::attributes(),
                      .infer = infer,
                      .lower = lower,
                      .versions = "10"};

}  // namespace inferc::op_QLinearConv
