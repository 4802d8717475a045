#pragma once
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "kernels/math.hpp"

// Arithmetic on integers that stand for multiples of powers of two. V is a signed integer type or a vector of one. Nothing may
// overflow: whoever writes such steps down has proved it.
namespace inferc::fixed {

// How v / 2^d becomes an integer, by the names of ap_fixed: towards -inf; to the nearest with ties to +inf, to even, to -inf, to 0,
// away from 0; towards 0.
enum class Round : unsigned char { trn, rnd, rnd_conv, rnd_min_inf, rnd_zero, rnd_inf, trn_zero };

// f of the mode as a std::integral_constant, for a mode known at run time.
template <class F>
constexpr auto by_mode(Round mode, F f) {
  switch (mode) {
    case Round::trn:
      break;
    case Round::rnd:
      return f(std::integral_constant<Round, Round::rnd>{});
    case Round::rnd_conv:
      return f(std::integral_constant<Round, Round::rnd_conv>{});
    case Round::rnd_min_inf:
      return f(std::integral_constant<Round, Round::rnd_min_inf>{});
    case Round::rnd_zero:
      return f(std::integral_constant<Round, Round::rnd_zero>{});
    case Round::rnd_inf:
      return f(std::integral_constant<Round, Round::rnd_inf>{});
    case Round::trn_zero:
      return f(std::integral_constant<Round, Round::trn_zero>{});
  }
  return f(std::integral_constant<Round, Round::trn>{});
}

// v / 2^d rounded, 0 < d < the bits of an element; |v| + 2^(d-1) must not overflow.
template <Round mode, class V>
[[gnu::always_inline]] inline V shift_right(V v, V d) {
  const V zero{}, one = zero + 1, unit = one << d, half = unit >> 1;
  const V negative = static_cast<V>(v < zero) & one;
  if constexpr (mode == Round::trn) return v >> d;
  if constexpr (mode == Round::rnd) return (v + half) >> d;
  if constexpr (mode == Round::rnd_conv) return (v + (half - one) + ((v >> d) & one)) >> d;
  if constexpr (mode == Round::rnd_min_inf) return (v + (half - one)) >> d;
  if constexpr (mode == Round::rnd_zero) return (v + (half - one) + negative) >> d;
  if constexpr (mode == Round::rnd_inf) return (v + half - negative) >> d;
  if constexpr (mode == Round::trn_zero) return (v + ((unit - one) & (zero - negative))) >> d;
}

inline std::int64_t shift_right(Round mode, std::int64_t v, std::int64_t d) {
  return by_mode(mode, [&](auto m) { return shift_right<decltype(m)::value>(v, d); });
}

template <class V>
[[gnu::always_inline]] inline V at_least(V v, V low) {
  return v < low ? low : v;
}
template <class V>
[[gnu::always_inline]] inline V at_most(V v, V high) {
  return v > high ? high : v;
}
// The one of low ... low + mask that is v modulo mask + 1, a power of two.
template <class V>
[[gnu::always_inline]] inline V wrap(V v, V low, V mask) {
  return low + ((v - low) & mask);
}
// v * 2^shift, below 0 v * factor: LeakyRelu by factor / 2^shift with `shift` more bits of fraction.
template <class V>
[[gnu::always_inline]] inline V leaky(V v, V factor, V shift) {
  return v < V{} ? v * factor : v << shift;
}

// Elements of integers as floats and back.
template <class F, class V>
[[gnu::always_inline]] inline F to_floats(V v) {
  if constexpr (std::is_same_v<F, float>) return static_cast<float>(v);
  else return __builtin_convertvector(v, F);
}
template <class V, class F>
[[gnu::always_inline]] inline V to_integers(F v) {
  if constexpr (std::is_same_v<F, float>) return static_cast<V>(v);
  else return __builtin_convertvector(v, V);
}

// Of a float, or a vector of floats: v rounded to an integer by the same operations in float32 as a network that was trained with
// quantisers computes it by.
template <Round mode, class V>
[[gnu::always_inline]] inline V rounded(V v) {
  const V half = splat<V>(0.5f);
  if constexpr (mode == Round::trn) return math::floor(v);
  if constexpr (mode == Round::rnd) return math::floor(v + half);
  if constexpr (mode == Round::rnd_conv) return math::rint(v);
  if constexpr (mode == Round::rnd_min_inf) return math::ceil(v - half);
  if constexpr (mode == Round::rnd_zero) return copysign(math::ceil(abs(v) - half), v);
  if constexpr (mode == Round::rnd_inf) return copysign(math::floor(abs(v) + half), v);
  if constexpr (mode == Round::trn_zero) return copysign(math::floor(abs(v)), v);
}

// The integer x * scale rounded, within low and high or taken modulo their distance; NaN gives low.
template <Round mode, class V>
[[gnu::always_inline]] inline V quantised(V x, V scale, V low, V high, bool wraps) {
  V r = rounded<mode>(x * scale);
  if (wraps) {
    const V n = high - low + splat<V>(1.0f);
    r = r - math::floor((r - low) / n) * n;
  }
  r = r > low ? r : low;
  return r < high ? r : high;
}

// v * factor / divisor, two operations of float32, rounded to even; within 2^30, so that V holds it. F: the float or vector of floats of V.
template <class V, class F>
[[gnu::always_inline]] inline V rescaled(V v, F factor, F divisor) {
  const F most = splat<F>(0x1p30f), q = math::rint(to_floats<F>(v) * factor / divisor);
  return to_integers<V>(at_most(at_least(q, -most), most));
}

// One step of what happens to a sum, as a row of six numbers: kind, rounding, then the operands a and b, each as (0, value) or as
// (1, row of a table that has a value for each column). Those of rescale are the bits of a float32.
enum class Step : unsigned char { add, shift_left, shift_right, at_least, at_most, wrap, leaky, rescale };
inline constexpr std::size_t step_numbers = 6;

}  // namespace inferc::fixed
