#pragma once
#include "kernels/math.hpp"

// GELU with a small relative error in the tail as well: x Phi(x) for x < 0 and x - x Phi(-x) for x >= 0, where
// Phi(-a), a = |x|, is computed without a difference of near numbers.
namespace inferc::math {
namespace gelu_detail {

// |x|, at most where Phi(-|x|) is 0 in float for both forms; for x > 0, where x Phi(-x) is nothing beside x: no denormals there.
template <class V>
[[gnu::always_inline]] inline V clamped(V x) {
  const V a = abs(x), most = x < V{} ? splat<V>(15.0f) : splat<V>(8.0f);
  return a > most ? most : a;
}

// Phi(-a) = part 2^n.
template <class V>
struct Tail {
  V part;
  IntOf<V> n;
};
// 0 below the smallest normal number: made, and in every product after, denormals take CPUs hundreds of cycles. -inf gives NaN.
template <class V>
[[gnu::always_inline]] inline V combine(V x, V a, Tail<V> q) {
  const auto negative = x < V{};
  const IntOf<V> bits = bit_cast<IntOf<V>>(negative ? a * q.part : q.part) + (q.n << 23);
  const V s = bit_cast<V>(bits < splat_int<V>(0x00800000) ? IntOf<V>{} : bits);
  return fma(negative ? x : -a, negative ? V{} : s, negative ? -s : x);
}

// The normal distribution, 0 <= a <= 15. Below 1: 1/2 - a P(a^2). Else e^(-a^2/2) N(a) / D(a): the Mills ratio as a quotient of
// polynomials in a - 2, relative error 2^-26 up to 8. a^2 and N have a high and a low part; 1 - N is exact.
template <class V>
[[gnu::always_inline]] inline Tail<V> normal_tail(V a) {
  const V square = a * a, square_low = fma(a, a, -square), u = a - 2.0f, one = splat<V>(1.0f);
  IntOf<V> n;
  const V r = exp_reduced(square * -0.5f, n) + square_low * -0.5f;
  const V slope = horner(u, 0.590814114f, 0.130754173f, 0.0105873141f);
  const V top = fma(u, slope, one), top_low = fma(u, slope, one - top);
  const V bottom = horner(u, 5.94876909f, 5.73478985f, 2.16392803f, 0.380760491f, 0.0265408903f);
  const V large = (top + fma(exp_fraction(r), top, top_low)) / bottom;
  const V p = horner(square, 0.398942292f, -0.0664903596f, 0.00997332297f, -0.00118632999f, 0.000113486371f, -7.65420828e-06f);
  const auto small = a < one;
  return {small ? fma(-a, p, splat<V>(0.5f)) : large, small ? IntOf<V>{} : n};
}

// e^-w / (1 + e^-w) with w = a (c0 + c1 a^2), c0 = 2 sqrt(2 / pi), c1 = 0.044715 c0, in a high and a low part. The high part
// of c0 has 12 bits behind the point, so that its difference to c0 + c1 a^2 < 32 is exact.
template <class V>
[[gnu::always_inline]] inline Tail<V> logistic_tail(V a) {
  const V c0 = splat<V>(1.595703125f), c1 = splat<V>(0.0713548139f);
  const V square = a * a, square_low = fma(a, a, -square);
  const V g = fma(c1, square, c0);
  const V g_low = fma(c1, square, c0 - g) + fma(c1, square_low, fma(splat<V>(2.39883247e-09f), square, splat<V>(6.59966026e-05f)));
  const V w = a * g, w_low = fma(a, g_low, fma(a, g, -w)), most = splat<V>(104.0f);
  IntOf<V> n;
  const V r = exp_reduced(w > most ? -most : -w, n) - w_low;
  const V part = exp_fraction(r) + 1.0f;
  return {part / (scaled_by_power(part, n) + 1.0f), n};
}

}  // namespace gelu_detail

// x / 2 (1 + erf(x / sqrt 2)), 4 ULP.
template <class V>
[[gnu::always_inline]] inline V gelu(V x) {
  const V a = gelu_detail::clamped(x);
  return gelu_detail::combine(x, a, gelu_detail::normal_tail(a));
}

// x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), 4 ULP.
template <class V>
[[gnu::always_inline]] inline V gelu_tanh(V x) {
  const V a = gelu_detail::clamped(x);
  return gelu_detail::combine(x, a, gelu_detail::logistic_tail(a));
}

}  // namespace inferc::math
