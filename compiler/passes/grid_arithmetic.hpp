#pragma once
#include "compiler/passes/grid.hpp"

// Arithmetic on facts. Bounds saturate at +-unbounded, which means that there is none.
namespace inferc::grid {

struct Entry {
  int fraction;
  std::int64_t low, high;
};

[[nodiscard]] inline std::size_t size(const Grid& g) { return g.fraction.size(); }
[[nodiscard]] inline Entry entry(const Grid& g, std::size_t k) { return {g.fraction[k], g.low[k], g.high[k]}; }
void append(Grid& g, const Entry& e);
[[nodiscard]] Grid single(const Entry& e);

// An exact integer in double, or beyond 2^53 some value beyond 2^53.
[[nodiscard]] std::int64_t saturated(double v);
// The integers of 2^-e.fraction in units of 2^-fraction, which is finer.
[[nodiscard]] Entry refined(const Entry& e, int fraction);

[[nodiscard]] Entry hull(const Entry& a, const Entry& b);
[[nodiscard]] Entry add(const Entry& a, const Entry& b);
[[nodiscard]] Entry negated(const Entry& e);
[[nodiscard]] Entry times(const Entry& a, const Entry& b);
[[nodiscard]] Entry lower_of(const Entry& a, const Entry& b);   // min(a, b)
[[nodiscard]] Entry higher_of(const Entry& a, const Entry& b);  // max(a, b)

// The fact of an operand of shape `own` as seen in a broadcast result of shape `result`.
[[nodiscard]] Grid in_result(const Grid& g, const Shape& own, const Shape& result);
// Both with the same entries: where their axes differ, one for the tensor.
void align(Grid& a, Grid& b);

template <class F>
[[nodiscard]] Grid each(const Grid& g, F f) {
  Grid out{g.axis, {}, {}, {}, g.exact};
  for (std::size_t k = 0; k < size(g); ++k) append(out, f(entry(g, k)));
  return out;
}
template <class F>
[[nodiscard]] Grid zip(Grid a, Grid b, F f) {
  align(a, b);
  Grid out{a.axis, {}, {}, {}, a.exact && b.exact};
  for (std::size_t k = 0; k < size(a); ++k) append(out, f(entry(a, k), entry(b, k)));
  return out;
}

}  // namespace inferc::grid
