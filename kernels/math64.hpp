#pragma once
#include <cstdint>

#include "kernels/bits.hpp"
#include "kernels/dd.hpp"

// Scalar double-precision functions without libm: at most 1 ULP, erf and erfc 1.5, IEEE exceptional
// values, the same bits on every CPU and compiler. A float function is the double one rounded once.
namespace inferc::math64 {

using dd::Double2;

inline constexpr double infinity = limits::infinity<double>;
inline constexpr double quiet_nan = __builtin_nan("");

constexpr std::uint64_t bits(double x) { return bit_cast<std::uint64_t>(x); }
constexpr double from_bits(std::uint64_t b) { return bit_cast<double>(b); }
constexpr bool is_nan(double x) { return (bits(x) << 1) > 0xffe0000000000000u; }
constexpr bool is_negative(double x) { return (bits(x) >> 63) != 0; }
constexpr double abs(double x) { return from_bits(bits(x) & 0x7fffffffffffffffu); }
constexpr double copysign(double magnitude, double sign) { return from_bits((bits(magnitude) & 0x7fffffffffffffffu) | (bits(sign) & 0x8000000000000000u)); }
inline double sqrt(double x) { return is_nan(x) || x >= 0 ? __builtin_sqrt(x) : quiet_nan; }

// 2^n for -1022 <= n <= 1023
constexpr double power_of_two(int n) { return from_bits(static_cast<std::uint64_t>(n + 1023) << 52); }
// x * 2^n for |n| <= 2044; rounds once where the result is denormal
constexpr double ldexp(double x, int n) {
  const int half = n / 2;
  return x * power_of_two(half) * power_of_two(n - half);
}

// ---- rounding

constexpr double rint(double x) {         // half to even
  const double big = 4503599627370496.0;  // 2^52
  const double a = abs(x);
  if (!(a < big)) return x;
  return copysign((a + big) - big, x);
}
constexpr double trunc(double x) {
  const double a = abs(x);
  if (!(a < 4503599627370496.0)) return x;
  const double r = rint(a);
  return copysign(r > a ? r - 1 : r, x);
}
constexpr double floor(double x) {
  const double r = rint(x);
  return r > x ? r - 1 : r;
}
constexpr double ceil(double x) {
  const double r = rint(x);
  return r < x ? copysign(r + 1, x) : r;
}

// Remainder of truncated division, exact; sign of x.
constexpr double fmod(double x, double y) {
  if (is_nan(x) || is_nan(y) || abs(x) == infinity || y == 0) return quiet_nan;
  const double b = abs(y);
  if (abs(x) < b) return x;
  const auto exponent = [](double a) { return static_cast<int>(bits(a) >> 52); };
  const auto mantissa = [&](double a) {
    const std::uint64_t m = bits(a) & 0xfffffffffffffu;
    return exponent(a) == 0 ? m : m | 0x10000000000000u;
  };
  const double a = abs(x);
  const int eb = exponent(b) == 0 ? 1 : exponent(b);
  int shift = (exponent(a) == 0 ? 1 : exponent(a)) - eb;
  std::uint64_t r = mantissa(a) % mantissa(b);
  for (; shift > 0; shift -= 11) r = (r << (shift < 11 ? shift : 11)) % mantissa(b);
  return copysign(ldexp(static_cast<double>(r), eb - 1075), x);  // exact: r < 2^53, a multiple of y's unit
}

// ---- exponential and logarithm

// e^x = value * 2^exponent; fraction is e^r - 1 for the reduced argument r, |r| <= 0.35
struct Exponential {
  Double2 fraction;
  int exponent;
};

constexpr Exponential exp_parts(Double2 x) {                                   // |x| <= 2000
  const double ln2_hi = 0x1.62e42fefa3800p-1, ln2_lo = 0x1.ef35793c76730p-45;  // ln2_hi has 42 bits
  const double k = rint(x.hi * 0x1.71547652b82fep+0);
  const Double2 r = dd::sub(dd::add({x.hi - k * ln2_hi, 0}, {x.lo, 0}), dd::two_product(k, ln2_lo));
  constexpr double taylor[] = {1.0 / 87178291200, 1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880,
                               1.0 / 40320,       1.0 / 5040,       1.0 / 720,       1.0 / 120,      1.0 / 24,      1.0 / 6};
  const Double2 square = dd::mul(r, r);
  const double tail = square.hi * r.hi * dd::polynomial(taylor, r.hi);
  return {dd::add(r, dd::add(dd::scale(square, 0.5), {tail, 0})), static_cast<int>(k)};
}

constexpr Double2 exp_dd(Double2 x, int& exponent) {
  const Exponential e = exp_parts(x);
  exponent = e.exponent;
  return dd::add({1, 0}, e.fraction);
}

// e^x - 1 for |x| <= 700, relative error 2^-57
constexpr Double2 expm1_dd(Double2 x) {
  const Exponential e = exp_parts(x);
  if (e.exponent == 0) return e.fraction;
  const double power = power_of_two(e.exponent);
  return dd::add({power - 1, 0}, dd::scale(e.fraction, power));
}

constexpr double clamp(double x, double low, double high) { return x < low ? low : (x > high ? high : x); }

constexpr double exp_of(Double2 x) {  // overflows to inf, underflows to 0
  if (is_nan(x.hi)) return x.hi;
  if (abs(x.hi) > 800) x = {clamp(x.hi, -800, 800), 0};
  int k = 0;
  const Double2 e = exp_dd(x, k);
  return ldexp(e.hi, k);
}
constexpr double exp(double x) { return x == -infinity ? 0 : x == infinity ? x : exp_of({x, 0}); }
constexpr double expm1(double x) {
  if (is_nan(x) || abs(x) < 0x1p-54) return x;
  if (x > 700) return exp(x);
  return x < -60 ? -1.0 : expm1_dd({x, 0}).hi;
}

// 2 atanh(s) = s (2 + 2/3 z + 2/5 z^2 + ...), z = s^2 <= 0.0295
constexpr Double2 twice_atanh(Double2 s) {
  constexpr double series[] = {2.0 / 25, 2.0 / 23, 2.0 / 21, 2.0 / 19, 2.0 / 17, 2.0 / 15, 2.0 / 13, 2.0 / 11, 2.0 / 9, 2.0 / 7};
  const Double2 z = dd::mul(s, s);
  Double2 p = dd::add({0x1.999999999999ap-2, -0x1.999999999999ap-56}, {z.hi * dd::polynomial(series, z.hi), 0});
  p = dd::add({0x1.5555555555555p-1, 0x1.5555555555555p-55}, dd::mul(z, p));
  return dd::add(dd::scale(s, 2), dd::mul(s, dd::mul(z, p)));
}

// Natural logarithm of a positive finite x, relative error 2^-66 away from 1
constexpr Double2 log_dd(Double2 x) {
  int k = 0;
  if (x.hi < 0x1p-1000) {
    x = dd::scale(x, 0x1p60);
    k = -60;
  }
  const int exponent = static_cast<int>((bits(x.hi) + (0x3ff0000000000000u - 0x3fe6a09e667f3bcdu)) >> 52) - 1023;
  k += exponent;
  x = exponent > 1000 ? dd::scale(dd::scale(x, 0x1p-1000), power_of_two(1000 - exponent)) : dd::scale(x, power_of_two(-exponent));
  const Double2 f = dd::two_sum(x.hi - 1, x.lo);
  const Double2 mantissa = twice_atanh(dd::div(f, dd::add({2, 0}, f)));
  const Double2 scaled = dd::add({k * 0x1.62e42fefa3800p-1, 0}, dd::two_product(k, 0x1.ef35793c76730p-45));
  return k == 0 ? mantissa : dd::add(scaled, mantissa);
}

constexpr double log(double x) {
  if (is_nan(x) || x == infinity) return x;
  if (x == 0) return -infinity;
  return x < 0 ? quiet_nan : log_dd({x, 0}).hi;
}
constexpr double log2(double x) {
  if (!(x > 0) || x == infinity) return log(x);
  return dd::mul(log_dd({x, 0}), {0x1.71547652b82fep+0, 0x1.777d0ffda0d24p-56}).hi;
}
constexpr double log1p(double x) {
  if (is_nan(x) || x == infinity || abs(x) < 0x1p-54) return x;
  if (x == -1) return -infinity;
  return x < -1 ? quiet_nan : log_dd(dd::two_sum(1, x)).hi;
}

constexpr bool is_odd_integer(double y) {
  const double a = abs(y);
  return a < 9007199254740992.0 && rint(a) == a && (static_cast<std::uint64_t>(a) & 1) != 0;
}

// IEEE 754 pow: pow(x, 0) = pow(1, y) = 1 even for NaN
constexpr double pow(double x, double y) {
  if (y == 0 || x == 1) return 1;
  if (is_nan(x) || is_nan(y)) return quiet_nan;
  const double a = abs(x);
  if (abs(y) == infinity) return a == 1 ? 1 : ((a > 1) == (y > 0) ? infinity : 0);
  const bool odd = is_odd_integer(y);
  const double sign = odd && is_negative(x) ? -1 : 1;
  if (a == 0 || a == infinity) return copysign((a == 0) == (y > 0) ? 0 : infinity, sign);
  if (x < 0 && rint(y) != y) return quiet_nan;
  const double bounded = clamp(y, -0x1p65, 0x1p65);  // beyond, any x but 1 over- or underflows alike
  return sign * (a == 1 ? 1 : exp_of(dd::mul({bounded, 0}, log_dd({a, 0}))));
}

// ---- hyperbolic

constexpr double sinh(double x) {
  const double a = abs(x);
  if (is_nan(x) || a < 0x1p-28 || a == infinity) return x;
  int k = 0;
  if (a > 40) {
    const Double2 e = exp_dd({a < 800 ? a : 800, 0}, k);
    return copysign(ldexp(e.hi, k - 1), x);
  }
  const Double2 m = expm1_dd({a, 0});
  return copysign(dd::add(m, dd::div(m, dd::add({1, 0}, m))).hi / 2, x);
}
constexpr double cosh(double x) {
  const double a = abs(x);
  if (is_nan(x) || a == infinity) return a;
  int k = 0;
  if (a > 40) {
    const Double2 e = exp_dd({a < 800 ? a : 800, 0}, k);
    return ldexp(e.hi, k - 1);
  }
  const Double2 e = dd::add({1, 0}, expm1_dd({a, 0}));
  return dd::add(e, dd::div({1, 0}, e)).hi / 2;
}
constexpr double tanh(double x) {
  const double a = abs(x);
  if (is_nan(x) || a < 0x1p-28) return x;
  if (a > 22) return copysign(1, x);
  const Double2 m = expm1_dd({2 * a, 0});
  return copysign(dd::div(m, dd::add({2, 0}, m)).hi, x);
}
inline double asinh(double x) {
  const double a = abs(x);
  if (is_nan(x) || a < 0x1p-28 || a == infinity) return x;
  if (a > 0x1p100) return copysign(dd::add(log_dd({a, 0}), {0x1.62e42fefa39efp-1, 0}).hi, x);
  const Double2 square = dd::two_product(a, a);
  const Double2 root = dd::sqrt(dd::add({1, 0}, square));
  const Double2 excess = dd::div(square, dd::add({1, 0}, root));  // sqrt(1 + a^2) - 1
  return copysign(log_dd(dd::add({1, 0}, dd::add({a, 0}, excess))).hi, x);
}
inline double acosh(double x) {
  if (is_nan(x) || x == infinity) return x;
  if (x < 1) return quiet_nan;
  if (x > 0x1p100) return dd::add(log_dd({x, 0}), {0x1.62e42fefa39efp-1, 0}).hi;
  const double t = x - 1;
  const Double2 root = dd::sqrt(dd::mul({t, 0}, dd::two_sum(t, 2)));
  return log_dd(dd::add({1, 0}, dd::add({t, 0}, root))).hi;
}
constexpr double atanh(double x) {
  const double a = abs(x);
  if (is_nan(x) || a < 0x1p-28) return x;
  if (a >= 1) return a == 1 ? copysign(infinity, x) : quiet_nan;
  if (a < 0.17) return copysign(twice_atanh({a, 0}).hi / 2, x);
  return copysign(log_dd(dd::div(dd::two_sum(1, a), dd::two_sum(1, -a))).hi / 2, x);
}

// ---- error function

// erfc(x) e^(x^2) for x >= 0.75: a polynomial in (x - 4) / (x + 4), divided by 1 + 2x (fit error 3e-20)
constexpr double scaled_erfc(double x) {
  constexpr double c[] = {0x1.2aa76b8cfb843p-30,  0x1.6d7ffaae2d2c5p-29,  -0x1.ce7cf89a49c35p-27, -0x1.5e9b46febfb5bp-26, 0x1.d429f1a88bb8ep-24,
                          0x1.4eb0309892d82p-24,  -0x1.ba9aecdea0099p-21, 0x1.38d16b0f71c6dp-22,  0x1.7f21d29940cfep-18,  -0x1.78828fcf99fc6p-17,
                          -0x1.9958c1d164bb9p-16, 0x1.3be035dcdac29p-13,  -0x1.a1df2889e0e1bp-13, -0x1.8d4a99a75d695p-11, 0x1.49c672892859cp-8,
                          -0x1.096238853b8c2p-6,  0x1.3079edf67bc97p-5,   -0x1.0fb06dfe48d6ep-4,  0x1.7fee004e12771p-4,   -0x1.9ddb23c3e90f5p-4,
                          0x1.16ecefcfa538bp-4,   0x1.f7f5df66fd7bcp-7,   -0x1.1df1ad154a28ep-3,  0x1.3ba5916e9fd7fp+0};
  return dd::polynomial(c, (x - 4) / (x + 4)) / (1 + 2 * x);
}

// erf(x) for |x| < 0.75
constexpr double erf_small(double x) {
  constexpr double c[] = {0x1.2d8d4e2a0fc57p-34, -0x1.44b835877a59ap-30, 0x1.faf7d89a1c9b0p-27, -0x1.5f5fd556db724p-23,
                          0x1.b9e598b558ca8p-20, -0x1.f4d2504735db5p-17, 0x1.f9a326aa812e1p-14, -0x1.c02db3fef3bfap-11,
                          0x1.565bcd0e67195p-8,  -0x1.b82ce31288accp-6,  0x1.ce2f21a042be1p-4,  -0x1.812746b0379e7p-2};
  const double z = x * x;
  const Double2 p = dd::add({0x1.20dd750429b6dp+0, 0x1.1ae3a914fed80p-56}, {z * dd::polynomial(c, z), 0});
  return dd::mul({x, 0}, p).hi;
}

// At most 3 ULP down to the smallest normal result
constexpr double erfc(double x) {
  if (is_nan(x)) return x;
  const double a = abs(x);
  if (a < 0.75) return dd::sub({1, 0}, {erf_small(x), 0}).hi;
  if (a > 28) return x < 0 ? 2 : 0;
  const double tail = exp_of(dd::negate(dd::two_product(a, a))) * scaled_erfc(a);
  return x < 0 ? 2 - tail : tail;
}
constexpr double erf(double x) {
  if (is_nan(x) || abs(x) < 0x1p-1000) return is_nan(x) ? x : x * 0x1.20dd750429b6dp+0;
  const double a = abs(x);
  if (a < 0.75) return erf_small(x);
  return copysign(a > 6 ? 1 : 1 - erfc(a), x);
}

}  // namespace inferc::math64
