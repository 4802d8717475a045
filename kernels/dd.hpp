#pragma once
#include <cstdint>

#include "kernels/dim.hpp"

namespace inferc::dd {

// Double-double arithmetic: a value is the unevaluated sum hi + lo, |lo| <= ulp(hi) / 2 (about 106 bits).
// Error-free transforms after Dekker and Knuth, without fma so that every CPU gives the same bits.
// Products need |operands| < 2^996.
struct Double2 {
  double hi, lo;
};

constexpr Double2 fast_two_sum(double a, double b) {  // |a| >= |b|
  const double s = a + b;
  return {s, b - (s - a)};
}

constexpr Double2 two_sum(double a, double b) {
  const double s = a + b;
  const double t = s - a;
  return {s, (a - (s - t)) + (b - t)};
}

constexpr Double2 two_product(double a, double b) {
  const double split = 134217729.0;  // 2^27 + 1
  const double ca = split * a, cb = split * b;
  const double ah = ca - (ca - a), bh = cb - (cb - b);
  const double al = a - ah, bl = b - bh;
  const double p = a * b;
  return {p, ((ah * bh - p) + ah * bl + al * bh) + al * bl};
}

constexpr Double2 add(Double2 a, Double2 b) {
  const Double2 s = two_sum(a.hi, b.hi);
  const Double2 t = two_sum(a.lo, b.lo);
  const Double2 u = fast_two_sum(s.hi, s.lo + t.hi);
  return fast_two_sum(u.hi, u.lo + t.lo);
}

constexpr Double2 mul(Double2 a, Double2 b) {
  const Double2 p = two_product(a.hi, b.hi);
  return fast_two_sum(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}

constexpr Double2 negate(Double2 a) { return {-a.hi, -a.lo}; }
constexpr Double2 sub(Double2 a, Double2 b) { return add(a, negate(b)); }

constexpr Double2 div(Double2 a, Double2 b) {
  const double q = a.hi / b.hi;
  const Double2 r = sub(a, mul({q, 0}, b));
  return fast_two_sum(q, r.hi / b.hi);
}

inline Double2 sqrt(Double2 a) {  // a >= 0
  if (a.hi == 0) return {0, 0};
  const double s = __builtin_sqrt(a.hi);
  const Double2 r = sub(a, two_product(s, s));
  return fast_two_sum(s, r.hi / (2 * s));
}

// Scaling by a power of two is exact barring overflow and underflow.
constexpr Double2 scale(Double2 a, double power) { return {a.hi * power, a.lo * power}; }

// c[0] x^(N-1) + ... + c[N-1]
template <std::size_t N>
constexpr double polynomial(const double (&c)[N], double x) {
  double p = c[0];
  for (std::size_t i = 1; i < N; ++i) p = p * x + c[i];
  return p;
}

}  // namespace inferc::dd
