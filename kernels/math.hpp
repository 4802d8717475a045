#pragma once
#include "kernels/bits.hpp"
#include "kernels/simd.hpp"

// float functions on vectors of any width, the same bits on every path. Polynomials by Horner's rule with fused
// multiply-adds; constants are minimax fits over the reduced range.
namespace inferc::math {

template <class V>
[[gnu::always_inline]] inline V horner(V, float c) {
  return splat<V>(c);
}
template <class V, class... C>
[[gnu::always_inline]] inline V horner(V x, float c0, float c1, C... c) {
  return fma(x, horner(x, c1, c...), splat<V>(c0));
}

// 2^n for n in [-126, 127].
template <class V>
[[gnu::always_inline]] inline V power_of_two(IntOf<V> n) {
  return bit_cast<V>((n + 127) << 23);
}

// To the nearest integer, halves to even: beyond 2^23 every float is an integer.
template <class V>
[[gnu::always_inline]] inline V rint(V x) {
  const V magic = splat<V>(8388608.0f), a = abs(x);
  return a < magic ? copysign((a + magic) - magic, x) : x;
}
template <class V>
[[gnu::always_inline]] inline V floor(V x) {
  const V t = rint(x);
  return t > x ? t - 1.0f : t;
}
template <class V>
[[gnu::always_inline]] inline V ceil(V x) {
  const V t = rint(x);
  return t < x ? copysign(t + 1.0f, x) : t;
}

// x = n ln2 + r, |r| <= ln2/2, for |x| <= 200.
template <class V>
[[gnu::always_inline]] inline V exp_reduced(V x, IntOf<V>& n) {
  const V magic = splat<V>(12582912.0f);  // 1.5 * 2^23: adding it rounds to an integer
  const V t = fma(x, splat<V>(1.44269504088896341f), magic);
  n = bit_cast<IntOf<V>>(t) - splat_int<V>(0x4b400000);
  const V nf = t - magic;
  return fma(nf, splat<V>(2.12194440e-4f), fma(nf, splat<V>(-0.693359375f), x));
}
// e^r - 1 for |r| <= 0.35.
template <class V>
[[gnu::always_inline]] inline V exp_fraction(V r) {
  const V p = horner(r, 0.5f, 0.16666665459f, 0.041665795894f, 0.0083334519073f, 0.0013981999507f, 0.00019875691500f);
  return fma(p, r * r, r);
}
// x 2^n for x in (0, 2), n in [-252, 128], rounded once where it is denormal. CPUs take hundreds of cycles for a vector with a
// denormal result, so that both are made of normal numbers: the exponent raised, or the multiple of 2^-149 in the last bits of a
// sum with 2^23. The larger is the right one: the sum's exponent grows more slowly, the other turns negative. 2^128 is inf or NaN.
template <class V>
[[gnu::always_inline]] inline V scaled_by_power(V x, IntOf<V> n) {
  const IntOf<V> highest = splat_int<V>(-100), raised = bit_cast<IntOf<V>>(x) + (n << 23);
  const V multiple = x * power_of_two<V>((n < highest ? n : highest) + 149);
  const IntOf<V> denormal = bit_cast<IntOf<V>>(multiple + 8388608.0f) - splat_int<V>(0x4b000000);
  return bit_cast<V>(raised > denormal ? raised : denormal);
}

// e^x, 1 ULP.
template <class V>
[[gnu::always_inline]] inline V exp(V x) {
  const V low = splat<V>(-104.0f), high = splat<V>(89.0f);
  V c = x < low ? low : x;
  c = c > high ? high : c;
  IntOf<V> n;
  const V r = exp_reduced(c, n);
  const V y = scaled_by_power(exp_fraction(r) + 1.0f, n);
  // 2^129 does not fit: beyond the largest float the result is inf by construction; NaN keeps x's own.
  return x == x ? (x >= splat<V>(88.7228394f) ? splat<V>(__builtin_inff()) : y) : x;
}

// e^x for x <= 0, 1 ULP; 0 below the smallest normal number: products with denormals take CPUs hundreds of cycles.
template <class V>
[[gnu::always_inline]] inline V exp_of_nonpositive(V x) {
  const V low = splat<V>(-87.3365402f);  // the least float above log(2^-126)
  const auto tiny = x < low;
  IntOf<V> n;
  const V r = exp_reduced(tiny ? low : x, n);
  const V y = (exp_fraction(r) + 1.0f) * power_of_two<V>(n);
  return tiny ? V{} : y;
}

// e^x, 1 ULP, where the result is a normal number: |x| <= 87.
template <class V>
[[gnu::always_inline]] inline V exp_in_range(V x) {
  IntOf<V> n;
  const V r = exp_reduced(x, n);
  return (exp_fraction(r) + 1.0f) * power_of_two<V>(n);
}

// e^min(x, 0) - 1, 2 ULP.
template <class V>
[[gnu::always_inline]] inline V expm1_negative(V x) {
  const V low = splat<V>(-30.0f), c = x < low ? low : x;
  IntOf<V> n;
  const V r = exp_reduced(c > V{} ? V{} : c, n);
  const V power = power_of_two<V>(n);
  return fma(exp_fraction(r), power, power - 1.0f);
}

// 1 / (1 + e^-x), 3 ULP; 0 where the result is below the smallest normal number. e^-x stays below 2^126; beyond 87 the result is 1.
// The polynomial of e^-x has a term less than exp_fraction: its error is 2^-28.
template <class V>
[[gnu::always_inline]] inline V sigmoid(V x) {
  const V low = splat<V>(-87.3365402f), high = splat<V>(87.0f);
  const auto tiny = x < low;
  const V c = tiny ? low : x;
  IntOf<V> n;
  const V r = exp_reduced(c > high ? high : c, n), power = power_of_two<V>(-n);
  const V p = horner(r, 0.5f, -0.16666518152f, 0.041666205972f, -0.0083689177409f, 0.0013950540451f);
  const V y = 1.0f / (fma(fma(p, r * r, -r), power, power) + 1.0f);
  return tiny ? V{} : y;
}

// tanh, 2 ULP: odd polynomial below 0.625, else (1 - e) / (1 + e) with e = e^(-2|x|), nothing beside 1 where it is tiny. The square
// of an |x| below 2^-59 is nothing beside 1, too: a larger one stands for it, for the true one would be denormal.
template <class V>
[[gnu::always_inline]] inline V tanh(V x) {
  const V a = abs(x);
  const V e = exp_of_nonpositive(a * -2.0f);
  const V big = (1.0f - e) / (1.0f + e);
  const IntOf<V> bits = bit_cast<IntOf<V>>(a), least = splat_int<V>(0x22000000);  // 2^-59
  const V b = bit_cast<V>(bits > least ? bits : least), s = b * b;
  const V p = horner(s, -0.3333328068f, 0.1333143115f, -0.05373969674f, 0.02063902281f, -0.00570491096f);
  const V small = fma(p * s, a, a);
  return copysign(a < splat<V>(0.625f) ? small : big, x);
}

// erf, 3 ULP: odd polynomial below 0.95, else 1 - e^-q(x) with q a degree-7 fit of -log(erfc) up to 4.
template <class V>
[[gnu::always_inline]] inline V erf(V x) {
  const V a = abs(x);
  const V s = a * a;
  const V p = horner(s, 1.128379225730896f, -0.37612631916999817f, 0.11283663660287857f, -0.026857703924179077f, 0.005196951329708099f, -0.0008097693207673728f,
                     8.185049227904528e-05f) *
              a;
  const V four = splat<V>(4.0f);
  const V b = a > four ? four : a;
  const V q = horner(b, -0.0001834430149756372f, 1.1295567750930786f, 0.6332626342773438f, 0.10837246477603912f, -0.025178959593176842f, 0.004193607252091169f,
                     -0.00043910558451898396f, 2.1496043700608425e-05f);
  const V big = 1.0f - exp_in_range(-q);
  return copysign(a < splat<V>(0.95f) ? p : big, x);
}

// log, 1 ULP: x = 2^n m, m in [sqrt(1/2), sqrt(2)); Cephes' polynomial in m - 1.
template <class V>
[[gnu::always_inline]] inline V log(V x) {
  const V tiny = splat<V>(1.17549435e-38f);
  const auto denormal = (x < tiny) & (x > V{});
  const V scaled = denormal ? x * 8388608.0f : x;
  const IntOf<V> bits = bit_cast<IntOf<V>>(scaled);
  const IntOf<V> shifted = bits - splat_int<V>(0x3f3504f3);
  IntOf<V> n = shifted >> 23;
  const V m = bit_cast<V>(bits - (n << 23)) - 1.0f;
  n = denormal ? n - 23 : n;
  const V nf = __builtin_convertvector(n, V);
  const V p = horner(m, 3.3333331174e-1f, -2.4999993993e-1f, 2.0000714765e-1f, -1.6668057665e-1f, 1.4249322787e-1f, -1.2420140846e-1f, 1.1676998740e-1f,
                     -1.1514610310e-1f, 7.0376836292e-2f);
  const V z = m * m;
  V y = p * m * z;
  y = fma(nf, splat<V>(-2.12194440e-4f), y);
  y = fma(splat<V>(-0.5f), z, y);
  V r = m + y;
  r = fma(nf, splat<V>(0.693359375f), r);
  const V inf = splat<V>(__builtin_inff());
  r = x == V{} ? -inf : r;
  r = x < V{} ? splat<V>(__builtin_nanf("")) : r;
  return x == x ? (x == inf ? x : r) : x;
}

// atan, 2 ULP: |x| - c over 1 + c |x| for c = 0, 1 or infinity lies within tan(pi/8); there an odd polynomial.
template <class V>
[[gnu::always_inline]] inline V atan(V x) {
  const V a = abs(x), one = splat<V>(1.0f), zero = V{};
  const auto middle = a > splat<V>(0.41421356f), outer = a > splat<V>(2.4142136f);
  const V y = (outer ? -one : (middle ? a - one : a)) / (outer ? a : (middle ? a + one : one));
  const V z = y * y;
  const V p = horner(z, -0.33333315f, 0.19998471f, -0.14243522f, 0.10593727f, -0.06077991f);
  const V half_pi = splat<V>(1.5707964f), quarter_pi = splat<V>(0.78539819f);
  const V half_rest = splat<V>(-4.3711388e-8f), quarter_rest = splat<V>(-2.1855694e-8f);  // what the two lack
  const V rest = fma(p * z, y, outer ? half_rest : (middle ? quarter_rest : zero));
  return copysign((outer ? half_pi : (middle ? quarter_pi : zero)) + (y + rest), x);
}

// log(1 + e) for 0 <= e <= 1, 2 ULP: log(u) e / (u - 1) with u = 1 + e as rounded (Kahan).
template <class V>
[[gnu::always_inline]] inline V log1p_unit(V e) {
  const V u = e + 1.0f, d = u - 1.0f;
  const V one = splat<V>(1.0f);
  const V zero = V{};
  return d == zero ? e : log(u) * (e / (d == zero ? one : d));
}

// log(1 + e^x) without overflow, 3 ULP.
template <class V>
[[gnu::always_inline]] inline V softplus(V x) {
  const V r = (x > V{} ? x : V{}) + log1p_unit(exp(copysign(x, splat<V>(-1.0f))));
  return x == x ? r : x;
}

}  // namespace inferc::math
