#pragma once
#include "kernels/math64.hpp"

// Trigonometric functions in double precision, at most 1 ULP for every argument.
namespace inferc::math64 {

inline constexpr Double2 pi_dd{0x1.921fb54442d18p+1, 0x1.1a62633145c07p-53};
inline constexpr Double2 half_pi_dd{0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54};

__extension__ typedef unsigned __int128 Wide;

// x = quadrant * pi/2 + rest, |rest| <= pi/4
struct Reduced {
  Double2 rest;
  int quadrant;
};

// 64 bits of 0.0...0 (64 zeros) followed by the bits of 2/pi, from bit `at` on; at <= 64 + 1280.
constexpr std::uint64_t two_over_pi_bits(int at) {
  constexpr std::uint64_t words[] = {0,
                                     0xa2f9836e4e441529,
                                     0xfc2757d1f534ddc0,
                                     0xdb6295993c439041,
                                     0xfe5163abdebbc561,
                                     0xb7246e3a424dd2e0,
                                     0x06492eea09d1921c,
                                     0xfe1deb1cb129a73e,
                                     0xe88235f52ebb4484,
                                     0xe99c7026b45f7e41,
                                     0x3991d639835339f4,
                                     0x9c845f8bbdf9283b,
                                     0x1ff897ffde05980f,
                                     0xef2f118b5a0a6d1f,
                                     0x6d367ecf27cb09b7,
                                     0x4f463f669e5fea2d,
                                     0x7527bac7ebe5f17b,
                                     0x3d0739f78a5292ea,
                                     0x6bfb5fb11f8d5d08,
                                     0x56033046fc7b6bab,
                                     0xf0cfbc209af4361d,
                                     0xa9e391615ee61b08,
                                     0x6599855f14a06840};
  const int word = at / 64, shift = at % 64;
  return shift == 0 ? words[word] : words[word] << shift | words[word + 1] >> (64 - shift);
}

// Payne and Hanek (1983): x = m 2^e; the bits of 2/pi whose product with m is a multiple of four quadrants are left
// out, 192 bits of the rest give the fraction to 2^-139.
constexpr Reduced reduce(double x) {  // finite, |x| > pi/4
  const int exponent = static_cast<int>(bits(abs(x)) >> 52) - 1075;
  const std::uint64_t m = (bits(x) & 0xfffffffffffffu) | 0x10000000000000u;
  const int skip = exponent + 62;
  const Wide low = Wide{m} * two_over_pi_bits(skip + 128);
  const Wide middle = Wide{m} * two_over_pi_bits(skip + 64) + (low >> 64);
  std::uint64_t part[3] = {m * two_over_pi_bits(skip) + static_cast<std::uint64_t>(middle >> 64), static_cast<std::uint64_t>(middle),
                           static_cast<std::uint64_t>(low)};
  const std::uint64_t quadrant = (part[0] >> 62) + ((part[0] >> 61) & 1);
  part[0] -= quadrant << 62;
  const bool negative = (part[0] >> 63) != 0;
  if (negative) {
    for (std::uint64_t& p : part) p = ~p;
    part[2] += 1;
    if (part[2] == 0 && ++part[1] == 0) ++part[0];
  }
  int shift = 0;
  while (part[0] == 0 && shift < 128) {
    part[0] = part[1], part[1] = part[2], part[2] = 0;
    shift += 64;
  }
  const int zeros = part[0] == 0 ? 64 : __builtin_clzll(part[0]);
  if (zeros > 0 && zeros < 64) {
    part[0] = part[0] << zeros | part[1] >> (64 - zeros);
    part[1] = part[1] << zeros | part[2] >> (64 - zeros);
  }
  shift += zeros;
  const double high = static_cast<double>(part[0] >> 11);  // 53 bits, exact
  const std::uint64_t tail = part[0] << 53 | part[1] >> 11;
  const Double2 scaled = dd::fast_two_sum(high, static_cast<double>(tail) * 0x1p-64);
  Double2 rest = dd::mul(dd::scale(scaled, power_of_two(-53 - shift)), dd::scale(pi_dd, 2));
  if (negative != is_negative(x)) rest = dd::negate(rest);
  const int q = static_cast<int>(quadrant & 3);
  return {rest, is_negative(x) ? (4 - q) & 3 : q};
}

constexpr Reduced reduce_any(double x) {  // finite
  return abs(x) <= 0x1.921fb54442d18p-1 ? Reduced{{x, 0}, 0} : reduce(x);
}

// |r| <= pi/4: Taylor series, leading terms compensated
constexpr Double2 sin_small(Double2 r) {
  constexpr double c[] = {-1.0 / 121645100408832000, 1.0 / 355687428096000, -1.0 / 1307674368000, 1.0 / 6227020800,
                          -1.0 / 39916800,           1.0 / 362880,          -1.0 / 5040,          1.0 / 120};
  const double z = r.hi * r.hi;
  const Double2 square = dd::two_product(r.hi, r.hi);
  const Double2 sixth = dd::mul(dd::mul(square, {r.hi, 0}), {-0x1.5555555555555p-3, -0x1.5555555555555p-57});
  const double tail = z * z * r.hi * dd::polynomial(c, z) + r.lo * (1 - z * 0.5);
  return dd::add(dd::add({r.hi, 0}, sixth), {tail, 0});
}
constexpr Double2 cos_small(Double2 r) {
  constexpr double c[] = {-1.0 / 6402373705728000, 1.0 / 20922789888000, -1.0 / 87178291200, 1.0 / 479001600,
                          -1.0 / 3628800,          1.0 / 40320,          -1.0 / 720,         1.0 / 24};
  const double z = r.hi * r.hi;
  const Double2 half = dd::scale(dd::two_product(r.hi, r.hi), -0.5);
  return dd::add(dd::add({1, 0}, half), {z * z * dd::polynomial(c, z) - r.hi * r.lo, 0});
}

constexpr double sin_of(Reduced r) {
  const double y = (r.quadrant & 1) != 0 ? cos_small(r.rest).hi : sin_small(r.rest).hi;
  return (r.quadrant & 2) != 0 ? -y : y;
}

constexpr double sin(double x) {
  if (is_nan(x) || abs(x) < 0x1p-27) return x;
  return abs(x) == infinity ? quiet_nan : sin_of(reduce_any(x));
}
constexpr double cos(double x) {
  if (is_nan(x) || abs(x) == infinity) return quiet_nan;
  Reduced r = reduce_any(x);
  ++r.quadrant;
  return sin_of(r);
}
constexpr double tan(double x) {
  if (is_nan(x) || abs(x) < 0x1p-27) return x;
  if (abs(x) == infinity) return quiet_nan;
  const Reduced r = reduce_any(x);
  const Double2 s = sin_small(r.rest), c = cos_small(r.rest);
  return (r.quadrant & 1) != 0 ? -dd::div(c, s).hi : dd::div(s, c).hi;
}

// atan(y) for 0 <= y <= 1, about the nearest of 0, 1/2 and 1: atan(y) = atan(c) + atan((y - c) / (1 + c y))
constexpr Double2 atan_unit(Double2 y) {
  constexpr double series[] = {1.0 / 33, -1.0 / 31, 1.0 / 29, -1.0 / 27, 1.0 / 25, -1.0 / 23, 1.0 / 21, -1.0 / 19,
                               1.0 / 17, -1.0 / 15, 1.0 / 13, -1.0 / 11, 1.0 / 9,  -1.0 / 7,  1.0 / 5};
  constexpr Double2 offset[] = {{0, 0}, {0x1.dac670561bb4fp-2, 0x1.a2b7f222f65e2p-56}, {0x1.921fb54442d18p-1, 0x1.1a62633145c07p-55}};
  const int i = y.hi < 0.25 ? 0 : y.hi < 0.75 ? 1 : 2;
  const Double2 c{i * 0.5, 0};
  const Double2 t = i == 0 ? y : dd::div(dd::sub(y, c), dd::add({1, 0}, dd::mul(y, c)));
  const double z = t.hi * t.hi;
  const Double2 third = dd::mul(dd::mul(dd::mul(t, t), t), {-0x1.5555555555555p-2, -0x1.5555555555555p-56});
  const Double2 inner = dd::add(dd::add(t, third), {z * z * t.hi * dd::polynomial(series, z), 0});
  return i == 0 ? inner : dd::add(offset[i], inner);
}

// atan(y / x) for y >= 0, x >= 0, not both 0
constexpr Double2 atan_quotient(Double2 y, Double2 x) {
  if (y.hi <= x.hi) return atan_unit(dd::div(y, x));
  return dd::sub(half_pi_dd, atan_unit(dd::div(x, y)));
}

constexpr double atan(double x) {
  const double a = abs(x);
  if (is_nan(x) || a < 0x1p-27) return x;
  if (a > 0x1p60) return copysign(half_pi_dd.hi, x);
  return copysign(atan_quotient({a, 0}, {1, 0}).hi, x);
}
inline double asin(double x) {
  const double a = abs(x);
  if (is_nan(x) || a < 0x1p-27) return x;
  if (a > 1) return quiet_nan;
  const Double2 cosine = dd::sqrt(dd::mul(dd::two_sum(1, -a), dd::two_sum(1, a)));
  return copysign(atan_quotient({a, 0}, cosine).hi, x);
}
inline double acos(double x) {
  if (is_nan(x)) return x;
  if (abs(x) > 1) return quiet_nan;
  if (x == -1) return pi_dd.hi;
  const Double2 sine = dd::sqrt(dd::mul(dd::two_sum(1, -x), dd::two_sum(1, x)));
  if (x >= 0) return atan_quotient(sine, {x, 0}).hi;
  return dd::sub(pi_dd, atan_quotient(sine, {-x, 0})).hi;
}

}  // namespace inferc::math64
