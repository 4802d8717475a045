#pragma once
#include "kernels/math.hpp"

// GELU without a difference of near numbers: x Phi(x) for x < 0 and x - x Phi(-x) for x >= 0, where Phi(-a), a = |x|, is a product.
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

// x / 2 (1 + erf(x / sqrt 2)) = max(x, 0) - a Phi(-a), a = |x|; Phi(-a) = e^(q(a) - a^2/2) with a fit q of degree 11, and 0 beyond 6.5.
// Within 4 ULP from -5.3 on, where the result is below -3e-7; there within 1e-4 of itself, then -0 in place of less than 2.7e-10.
// Half of a^2 and multiples of ln 2 are subtracted exactly; q counts 2 ln 2 too much, which keeps it small, the fit of e^r / 4 takes
// them back. -inf gives NaN.
template <class V>
[[gnu::always_inline]] inline V gelu(V x) {
  const V magic = splat<V>(12582912.0f), most = splat<V>(6.5f), a = abs(x);  // exp_reduced tells of the magic number
  const auto beyond = a > most;
  const V c = beyond ? most : a, square = c * c, half = square * -0.5f, square_low = fma(c, c, -square);
  const V q = horner(c - 2.0f, -0.396890014f, -0.373215586f, 0.0571398027f, -0.00989246834f, 0.00164214452f, -0.000242584472f, 2.88771989e-05f,
                     -1.78182904e-06f, -3.72296256e-07f, 1.58530057e-07f, -2.56924277e-08f, 1.63817249e-09f);
  const V rest = fma(square_low, splat<V>(-0.5f), q);
  const V t = fma(half + rest, splat<V>(1.44269504088896341f), magic), n = t - magic;
  const V r = fma(n, splat<V>(-0.693359375f), half) + fma(n, splat<V>(2.12194440e-4f), rest);
  const V part = horner(r, 0.25f, 0.25f, 0.124999993f, 0.0416660644f, 0.0104169399f, 0.00209361129f, 0.000346088607f);
  const V tail = bit_cast<V>(bit_cast<IntOf<V>>(part) + (bit_cast<IntOf<V>>(t) << 23));
  return fma(-c, beyond ? V{} : tail, x > V{} ? x : x * 0.0f);
}

// x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), 4 ULP.
template <class V>
[[gnu::always_inline]] inline V gelu_tanh(V x) {
  const V a = gelu_detail::clamped(x);
  return gelu_detail::combine(x, a, gelu_detail::logistic_tail(a));
}

}  // namespace inferc::math
