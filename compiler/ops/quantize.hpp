#pragma once
#include "compiler/ops/format.hpp"
#include "compiler/ops/op.hpp"

// What the quantised operators share: scales and zero points per tensor, per axis or per block.
namespace inferc::quantized {

inline constexpr TypeSet bytes{DType::int8, DType::uint8};
inline constexpr TypeSet words = bytes | TypeSet{DType::int16, DType::uint16};
inline constexpr TypeSet low = types::eight_bit_floats | types::small_integers | TypeSet{DType::float4e2m1};
inline constexpr TypeSet scales = types::halves | TypeSet{DType::float32};
using Bytes = Types<std::int8_t, std::uint8_t>;
using Words = Types<std::int8_t, std::uint8_t, std::int16_t, std::uint16_t>;

// Checks the shape of the scale at `input` (and of a zero point at input + 1) against the tensor at input - 1.
bool check_granularity(Infer& i, std::size_t input);

// The tensor, its scale and its zero point (zeros if there is none) as views of one shape, and the output likewise.
struct Operands {
  Operand out, x, scale, zero;
};
[[nodiscard]] Operands operands(Lower& l, DType zero_type);

// Zeros of a type as a view of the given shape.
[[nodiscard]] Operand zeros(Lower& l, DType dtype, const Shape& shape);
// A scale or zero point that is a scalar, a vector along `axis`, or broadcasts: as a view of the given shape.
[[nodiscard]] Operand spread(const Operand& v, std::size_t axis, const Shape& shape);

// Whether the scale or zero point at `input`, if it is given, can be spread over `shape`: fails where it cannot.
bool check_spread(Infer& i, std::size_t input, std::size_t axis, const Shape& shape);

// MatMulInteger's shape rule, and its call: out = (a - zero_a)(b - zero_b). Zero points may be SIZE_MAX: absent.
struct MatMulInputs {
  std::size_t a, b, zero_a, zero_b;
};
[[nodiscard]] std::optional<Shape> matmul_shape(Infer& i, const MatMulInputs& in);
void matmul(Lower& l, const Operand& out, const MatMulInputs& in);

// A kernel of kernels/cpu/quantized/map.hpp for one scale: y, x, the scale, and its zero point as `zero`, 0 where it is omitted.
void by_one_scale(Lower& l, const char* kernel, DType zero);

// y = requantised sums, for inputs a_scale, b_scale, y_scale, y_zero_point; the scale b runs along `axis`.
bool check_requantize(Infer& i, const Shape& sums, std::size_t a_scale, std::size_t b_scale, std::size_t b_axis, std::size_t y_scale, std::size_t y_zero);
void requantize(Lower& l, const Operand& sums, std::size_t a_scale, std::size_t b_scale, std::size_t b_axis, std::size_t y_scale, std::size_t y_zero);

}  // namespace inferc::quantized
