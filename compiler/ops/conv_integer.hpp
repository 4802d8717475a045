#pragma once
#include "compiler/ops/convolution.hpp"

// What ConvInteger and QLinearConv share: sums of (x - zero_x)(w - zero_w), plus an int32 bias.
namespace inferc::conv_integer {

struct Inputs {
  convolution::Places at;
  std::size_t zero_x, zero_w;
};
// The output's shape.
[[nodiscard]] std::optional<Shape> shape(Infer& i, const Inputs& in);
void lower(Lower& l, const Operand& out, const Inputs& in);

}  // namespace inferc::conv_integer
