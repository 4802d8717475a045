#pragma once
#include <cstddef>
#include <cstdint>

#include "compiler/ir/tensor.hpp"

namespace inferc {

// A binary floating-point format: value = (-1)^s * 1.m * 2^(e - bias), subnormal for e = 0.
struct FloatFormat {
  int exponent_bits, mantissa_bits, bias;
  bool has_sign;
  // What the largest exponent means: IEEE (infinities, NaNs), NaN only where all bits below the sign are set (e4m3fn,
  // e8m0), numbers only (e2m1), or numbers with the pattern of -0 as the one NaN (fnuz).
  enum class Special : unsigned char { ieee, all_ones, none, negative_zero } special;
};

// Of a floating-point type other than complex; byte_size(dtype) bytes hold the pattern.
[[nodiscard]] FloatFormat float_format(DType dtype);

// The value of a bit pattern, exact.
[[nodiscard]] double decode(const FloatFormat& format, std::uint64_t bits);

// The bits of element `index` in memory, zero-extended; complex types are not elements here.
[[nodiscard]] std::uint64_t element_bits(const Tensor& tensor, std::size_t index);

// The element as a double: exact but for 64-bit integers, which round.
[[nodiscard]] double element(const Tensor& tensor, std::size_t index);

// Number of representable values between two patterns of one format (0: equal or both zero), infinite where exactly one
// is a NaN; two NaNs are equal.
[[nodiscard]] double ulps_between(const FloatFormat& format, std::uint64_t a, std::uint64_t b);

}  // namespace inferc
