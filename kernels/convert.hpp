#pragma once
#include "kernels/cast.hpp"
#include "kernels/formats.hpp"

// Conversions between element types of which C++ lacks at least one. Floating point is rounded once; to integers as Cast
// does between C++'s types; integers of fewer than 8 bits take the low bits.
namespace inferc::formats {

template <class F>
inline constexpr bool is_native = std::is_arithmetic_v<F>;
template <class F>
struct StorageOf {
  using type = typename F::Storage;
};
template <class F>
  requires is_native<F>
struct StorageOf<F> {
  using type = F;
};
template <class F>
using Stored = typename StorageOf<F>::type;

template <class F>
inline constexpr bool is_small_integer = requires { F::highest; };

// float16 and bfloat16 from and to float without a detour, in one piece for vectors.
template <class F>
constexpr float to_float(std::uint16_t x) {
  const std::uint32_t sign = static_cast<std::uint32_t>(x & 0x8000) << 16, magnitude = static_cast<std::uint32_t>(x & 0x7fff) << (23 - F::mantissa);
  if constexpr (F::exponent == 8) return inferc::bit_cast<float>(sign | magnitude);
  const auto scaled = inferc::bit_cast<std::uint32_t>(inferc::bit_cast<float>(magnitude) * 0x1p112f);
  return inferc::bit_cast<float>(sign | (magnitude < 0x7c00u << 13 ? scaled : magnitude | 0x7f800000u));
}

template <class F>
constexpr std::uint16_t from_float(float x) {
  const auto bits = inferc::bit_cast<std::uint32_t>(x);
  const std::uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
  constexpr int dropped = 23 - F::mantissa;
  const std::uint32_t quiet = F::nan | (magnitude >> dropped & ((1u << F::mantissa) - 1));
  const std::uint32_t odd = magnitude >> dropped & 1, up = magnitude + ((1u << (dropped - 1)) - 1) + odd;
  std::uint32_t out;
  if constexpr (F::exponent == 8) {
    out = up >> dropped;
  } else {
    const std::uint32_t normal = (up - (112u << 23)) >> dropped;
    // Adding 1/2 aligns a magnitude below 2^-14 to units of 2^-24 and rounds it.
    const bool small = magnitude < 113u << 23;
    const float tiny = inferc::bit_cast<float>(small ? magnitude : 0u) + 0.5f;
    out = small ? inferc::bit_cast<std::uint32_t>(tiny) - 0x3f000000u : up >= 143u << 23 ? F::infinity : normal;
  }
  return static_cast<std::uint16_t>(sign | (magnitude > 0x7f800000u ? quiet : out));
}

template <class F>
inline constexpr bool is_half = std::is_same_v<F, float16> || std::is_same_v<F, bfloat16>;

// The value as a C++ number that holds it exactly.
template <class F>
constexpr auto value(Stored<F> x) {
  if constexpr (is_native<F>) return x;
  else if constexpr (is_small_integer<F>) return static_cast<std::int32_t>(x);
  else if constexpr (is_half<F>) return to_float<F>(x);
  else return decode<F>(x);
}

// An integer as a double that a type of fewer than 53 bits rounds in the same way: bits that would be lost make an odd one.
template <class T>
constexpr double to_odd(T x) {
  if constexpr (sizeof(T) < 8) return static_cast<double>(x);
  else {
    const bool negative = std::is_signed_v<T> && x < 0;
    const std::uint64_t magnitude = negative ? 0 - static_cast<std::uint64_t>(x) : static_cast<std::uint64_t>(x);
    const std::uint64_t odd = (magnitude >> 12 | static_cast<std::uint64_t>((magnitude & 0xfff) != 0)) << 12;
    const auto real = static_cast<double>(magnitude >> 52 != 0 ? odd : magnitude);
    return negative ? -real : real;
  }
}

template <class F>
constexpr Stored<F> low_bits(std::int32_t x) {
  constexpr std::uint32_t mask = (1u << F::bits) - 1, top = 1u << (F::bits - 1);
  const std::uint32_t low = static_cast<std::uint32_t>(x) & mask;
  return static_cast<Stored<F>>(F::lowest < 0 && (low & top) != 0 ? static_cast<std::int32_t>(low) - static_cast<std::int32_t>(mask) - 1
                                                                  : static_cast<std::int32_t>(low));
}

}  // namespace inferc::formats

namespace inferc::functors {

// From an element type to another, each a C++ type or one of formats::. `saturate` and `mode` as in formats::encode.
template <class From, class To, bool saturate = false, formats::Rounding mode = formats::Rounding::nearest>
struct convert {
  static constexpr formats::Stored<To> apply(formats::Stored<From> x) {
    const auto v = formats::value<From>(x);
    using V = std::remove_const_t<decltype(v)>;
    if constexpr (formats::is_native<To>) return cast<To>::apply(v);
    else if constexpr (formats::is_small_integer<To>) return formats::low_bits<To>(cast<std::int32_t>::apply(v));
    else if constexpr (formats::is_half<To> && std::is_same_v<V, float> && !saturate) return formats::from_float<To>(v);
    else if constexpr (std::is_floating_point_v<V>) return formats::encode<To>(static_cast<double>(v), saturate, mode);
    else return formats::encode<To>(formats::to_odd(v), saturate, mode);
  }
};

}  // namespace inferc::functors
