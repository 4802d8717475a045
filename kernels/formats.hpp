#pragma once
#include <cstdint>
#include <type_traits>

#include "kernels/bits.hpp"

// Element types that C++ lacks: how ONNX stores them, and their exact conversions from and to double, in integers alone:
// the same bits on every CPU.
namespace inferc::formats {

// What the largest patterns mean. ieee: infinity and NaN; all_ones: the one pattern of all ones is NaN, no infinity;
// negative_zero: the pattern of -0 is NaN, no infinity, no -0; finite: neither.
enum class Special : unsigned char { ieee, all_ones, negative_zero, finite };
// nearest: ties to even. The others, of magnitudes, are those of powers of two: nearest with ties away from zero, away
// from zero, towards zero.
enum class Rounding : unsigned char { nearest, nearest_up, up, down };

template <class Bits, int exponent_bits, int mantissa_bits, int bias_, Special special_, bool has_sign = true>
struct Float {
  using Storage = Bits;
  static constexpr int exponent = exponent_bits, mantissa = mantissa_bits, bias = bias_, width = exponent_bits + mantissa_bits;
  static constexpr Special special = special_;
  static constexpr bool is_signed = has_sign;
  static constexpr std::uint32_t all_ones = (1u << width) - 1;
  static constexpr std::uint32_t infinity = all_ones >> mantissa << mantissa;  // of ieee
  static constexpr std::uint32_t nan = special == Special::ieee            ? infinity | 1u << (mantissa > 0 ? mantissa - 1 : 0)
                                       : special == Special::negative_zero ? 1u << width
                                                                           : all_ones;
  static constexpr std::uint32_t largest = special == Special::ieee ? infinity - 1 : special == Special::all_ones ? all_ones - 1 : all_ones;
};

using float16 = Float<std::uint16_t, 5, 10, 15, Special::ieee>;
using bfloat16 = Float<std::uint16_t, 8, 7, 127, Special::ieee>;
using float8e4m3fn = Float<std::uint8_t, 4, 3, 7, Special::all_ones>;
using float8e4m3fnuz = Float<std::uint8_t, 4, 3, 8, Special::negative_zero>;
using float8e5m2 = Float<std::uint8_t, 5, 2, 15, Special::ieee>;
using float8e5m2fnuz = Float<std::uint8_t, 5, 2, 16, Special::negative_zero>;
using float8e8m0 = Float<std::uint8_t, 8, 0, 127, Special::all_ones, false>;  // powers of two
using float4e2m1 = Float<std::uint8_t, 2, 1, 1, Special::finite>;

// Integers of fewer than 8 bits, one in a byte, extended by their sign.
template <class Byte, int bits_>
struct Integer {
  using Storage = Byte;
  static constexpr int bits = bits_;
  static constexpr int highest = std::is_signed_v<Byte> ? (1 << (bits - 1)) - 1 : (1 << bits) - 1, lowest = std::is_signed_v<Byte> ? -highest - 1 : 0;
};
using uint4 = Integer<std::uint8_t, 4>;
using int4 = Integer<std::int8_t, 4>;
using uint2 = Integer<std::uint8_t, 2>;
using int2 = Integer<std::int8_t, 2>;

namespace detail {

inline constexpr std::uint64_t double_infinity = std::uint64_t{0x7ff} << 52;

// 2^e for -1022 <= e <= 1023.
constexpr double power_of_two(int e) { return inferc::bit_cast<double>(static_cast<std::uint64_t>(e + 1023) << 52); }

// A magnitude without its `dropped` low bits.
constexpr std::uint64_t rounded(std::uint64_t significand, int dropped, Rounding mode) {
  if (dropped <= 0) return significand << -dropped;
  if (dropped > 62) return mode == Rounding::up && significand != 0 ? 1 : 0;
  const std::uint64_t kept = significand >> dropped, rest = significand & ((std::uint64_t{1} << dropped) - 1), half = std::uint64_t{1} << (dropped - 1);
  if (mode == Rounding::up) return kept + (rest != 0);
  if (mode == Rounding::down) return kept;
  return kept + (rest > half || (rest == half && (mode == Rounding::nearest_up || (kept & 1) != 0)));
}

}  // namespace detail

template <class F>
constexpr double decode(typename F::Storage stored) {
  const std::uint32_t bits = stored, magnitude = bits & F::all_ones, mantissa = magnitude & ((1u << F::mantissa) - 1);
  const bool negative = F::is_signed && (bits >> F::width & 1) != 0;
  const auto sign = static_cast<std::uint64_t>(negative) << 63;
  const auto exponent = static_cast<int>(magnitude >> F::mantissa);
  if constexpr (F::special == Special::ieee) {  // payloads of NaN stay
    if (magnitude >= F::infinity) return inferc::bit_cast<double>(sign | detail::double_infinity | static_cast<std::uint64_t>(mantissa) << (52 - F::mantissa));
  }
  if constexpr (F::special == Special::all_ones)
    if (magnitude == F::all_ones) return inferc::bit_cast<double>(sign | detail::double_infinity | std::uint64_t{1} << 51);
  if constexpr (F::special == Special::negative_zero)
    if (negative && magnitude == 0) return inferc::bit_cast<double>(sign | detail::double_infinity | std::uint64_t{1} << 51);
  const bool normal = exponent != 0 || F::mantissa == 0;
  const auto significand = static_cast<double>(static_cast<std::int32_t>(mantissa | (normal ? 1u << F::mantissa : 0)));
  const double value = significand * detail::power_of_two((normal ? exponent : 1) - F::bias - F::mantissa);
  return inferc::bit_cast<double>(inferc::bit_cast<std::uint64_t>(value) | sign);
}

namespace detail {

template <class F>
constexpr std::uint32_t encode_nan(std::uint64_t bits) {
  const std::uint32_t sign = F::is_signed ? static_cast<std::uint32_t>(bits >> 63) << F::width : 0;
  if constexpr (F::special == Special::ieee) return sign | F::nan | (static_cast<std::uint32_t>(bits >> (52 - F::mantissa)) & ((1u << F::mantissa) - 1));
  else if constexpr (F::special == Special::all_ones) return sign | F::nan;
  else return 1u << F::width;  // the NaN of negative_zero, -0 where there is none
}

// The pattern of a magnitude of 53 bits whose leading bit, if it is normal, is worth 2^exponent; it may exceed F::largest.
template <class F>
constexpr std::uint64_t pattern(std::uint64_t significand, int exponent, Rounding mode) {
  constexpr int least = F::mantissa == 0 ? -F::bias : 1 - F::bias;
  const int scale = exponent > least ? exponent : least;
  const std::uint64_t kept = rounded(significand, 52 - F::mantissa + (scale - exponent), mode);
  // A normal number's leading bit counts as one in the exponent's field, and a carry moves on into it.
  const auto field = static_cast<std::uint64_t>(scale - least) << F::mantissa;
  return F::mantissa == 0 ? field + kept - 1 : field + kept;
}

}  // namespace detail

// x rounded once. What is too large: infinity (NaN where there is none, the largest value where there is neither), or
// the largest value with `saturate`. Powers of two: what is too small, 0 too, is the least one with `saturate`, else NaN;
// negative numbers are NaN. NaN of a type without it is -0.
template <class F>
constexpr typename F::Storage encode(double x, bool saturate = false, Rounding mode = Rounding::nearest) {
  using Storage = typename F::Storage;
  const auto bits = inferc::bit_cast<std::uint64_t>(x);
  const std::uint64_t magnitude = bits & ~(std::uint64_t{1} << 63);
  if (magnitude > detail::double_infinity) return static_cast<Storage>(detail::encode_nan<F>(bits));
  const bool normal = magnitude >> 52 != 0;
  const int exponent = normal ? static_cast<int>(magnitude >> 52) - 1023 : -1022;
  const std::uint64_t significand = (magnitude & ((std::uint64_t{1} << 52) - 1)) | static_cast<std::uint64_t>(normal) << 52;
  if constexpr (!F::is_signed) {
    if (magnitude != 0 && bits != magnitude) return static_cast<Storage>(F::nan);
    if (magnitude == 0 || exponent < -F::bias) return static_cast<Storage>(saturate ? 0 : F::nan);
  }
  const std::uint32_t sign = F::is_signed ? static_cast<std::uint32_t>(bits >> 63) << F::width : 0;
  const bool too_large = magnitude == detail::double_infinity || exponent > F::bias + 2;
  const std::uint64_t pattern = too_large ? F::all_ones + 1u : detail::pattern<F>(significand, exponent, mode);
  if (pattern <= F::largest) return static_cast<Storage>(F::special == Special::negative_zero && pattern == 0 ? 0 : sign | static_cast<std::uint32_t>(pattern));
  if (saturate || F::special == Special::finite) return static_cast<Storage>(sign | F::largest);
  if (F::special == Special::negative_zero) return static_cast<Storage>(F::nan);
  return static_cast<Storage>(sign | (F::special == Special::ieee ? F::infinity : F::nan));
}

}  // namespace inferc::formats
