#include "compiler/passes/grid_arithmetic.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include <fmt/format.h>

namespace inferc::grid {
namespace {

// The smallest f for which v * 2^f is an integer; v is finite and not zero.
int fraction_of(double v) {
  int exponent = 0;
  const auto mantissa = static_cast<std::uint64_t>(std::ldexp(std::abs(std::frexp(v, &exponent)), 53));
  return 53 - exponent - std::countr_zero(mantissa);
}

std::optional<double> element(const Tensor& t, std::size_t i) {
  return number_at<float, double, std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t, std::uint32_t, std::int64_t>(t, i);
}

// Elements [first, first + count) with `stride` between blocks of `inner`, `outer` of them.
struct Elements {
  std::size_t first, outer, stride, inner;
};

std::optional<Entry> entry_of(const Tensor& t, const Elements& e) {
  const bool whole_numbers = !is_float(t.dtype());
  int fraction = -finest;
  double low = 0, high = 0;
  bool any = false;
  for (std::size_t o = 0; o < e.outer; ++o)
    for (std::size_t i = 0; i < e.inner; ++i) {
      const auto v = element(t, e.first + o * e.stride + i);
      if (!v || !std::isfinite(*v) || std::abs(*v) >= 0x1p60) return std::nullopt;
      low = any ? std::min(low, *v) : *v;
      high = any ? std::max(high, *v) : *v;
      any = true;
      if (*v != 0) fraction = std::max(fraction, fraction_of(*v));
      if (fraction > finest_constant) return std::nullopt;
    }
  if (whole_numbers || fraction == -finest) fraction = 0;
  return Entry{fraction, saturated(std::ldexp(low, fraction)), saturated(std::ldexp(high, fraction))};
}

Grid with_axis(const Grid& g, std::size_t axis, std::size_t n) {
  Grid out{axis, std::vector<int>(n, g.fraction[0]), std::vector<std::int64_t>(n, g.low[0]), std::vector<std::int64_t>(n, g.high[0]), g.exact};
  return out;
}

}  // namespace

void append(Grid& g, const Entry& e) {
  g.fraction.push_back(e.fraction);
  g.low.push_back(e.low);
  g.high.push_back(e.high);
}

Grid single(const Entry& e) { return {std::nullopt, {e.fraction}, {e.low}, {e.high}}; }

std::int64_t saturated(double v) {
  constexpr auto most = static_cast<double>(unbounded);
  return static_cast<std::int64_t>(std::clamp(v, -most, most));
}

Entry refined(const Entry& e, int fraction) {
  const int shift = fraction - e.fraction;
  return {fraction, saturated(std::ldexp(static_cast<double>(e.low), shift)), saturated(std::ldexp(static_cast<double>(e.high), shift))};
}

namespace {

template <class F>
Entry on_common(const Entry& a, const Entry& b, F f) {
  const int fraction = std::max(a.fraction, b.fraction);
  return f(refined(a, fraction), refined(b, fraction));
}

// Where one of the two has no bound, nor has the sum.
std::int64_t sum(std::int64_t a, std::int64_t b) {
  if (a <= -unbounded || b <= -unbounded) return -unbounded;
  if (a >= unbounded || b >= unbounded) return unbounded;
  return std::clamp(a + b, -unbounded, unbounded);
}

std::int64_t multiplied(std::int64_t a, std::int64_t b) { return saturated(static_cast<double>(a) * static_cast<double>(b)); }

}  // namespace

Entry hull(const Entry& a, const Entry& b) {
  return on_common(a, b, [](const Entry& x, const Entry& y) { return Entry{x.fraction, std::min(x.low, y.low), std::max(x.high, y.high)}; });
}

Entry add(const Entry& a, const Entry& b) {
  return on_common(a, b, [](const Entry& x, const Entry& y) { return Entry{x.fraction, sum(x.low, y.low), sum(x.high, y.high)}; });
}

Entry negated(const Entry& e) { return {e.fraction, -e.high, -e.low}; }

Entry times(const Entry& a, const Entry& b) {
  const auto [low, high] = std::minmax({multiplied(a.low, b.low), multiplied(a.low, b.high), multiplied(a.high, b.low), multiplied(a.high, b.high)});
  return {a.fraction + b.fraction, low, high};
}

Entry lower_of(const Entry& a, const Entry& b) {
  return on_common(a, b, [](const Entry& x, const Entry& y) { return Entry{x.fraction, std::min(x.low, y.low), std::min(x.high, y.high)}; });
}

Entry higher_of(const Entry& a, const Entry& b) {
  return on_common(a, b, [](const Entry& x, const Entry& y) { return Entry{x.fraction, std::max(x.low, y.low), std::max(x.high, y.high)}; });
}

Grid whole(const Grid& g) {
  Entry all = entry(g, 0);
  for (std::size_t k = 1; k < size(g); ++k) all = hull(all, entry(g, k));
  Grid out = single(all);
  out.exact = g.exact;
  return out;
}

Grid in_result(const Grid& g, const Shape& own, const Shape& result) {
  if (!g.axis) return g;
  const std::size_t axis = *g.axis + result.size() - own.size();
  if (!(result[axis] == own[*g.axis])) return whole(g);
  Grid out = g;
  out.axis = axis;
  return out;
}

void align(Grid& a, Grid& b) {
  if (a.axis == b.axis) return;
  if (a.axis && b.axis) a = whole(a), b = whole(b);
  else if (a.axis) b = with_axis(b, *a.axis, size(a));
  else a = with_axis(a, *b.axis, size(b));
}

std::optional<int> power_of_two(double v) {
  int exponent = 0;
  if (!(v > 0) || std::frexp(v, &exponent) != 0.5) return std::nullopt;
  return exponent - 1;
}

std::optional<Grid> of_constant(const Tensor& t, std::optional<std::size_t> axis) {
  if (t.size() == 0) return std::nullopt;
  if (!axis) {
    const auto e = entry_of(t, {0, 1, 0, t.size()});
    return e ? std::optional(single(*e)) : std::nullopt;
  }
  Grid out{axis, {}, {}, {}};
  const auto n = static_cast<std::size_t>(t.shape()[*axis]);
  std::size_t inner = 1;
  for (std::size_t d = *axis + 1; d < t.rank(); ++d) inner *= static_cast<std::size_t>(t.shape()[d]);
  for (std::size_t k = 0; k < n; ++k) {
    const auto e = entry_of(t, {k * inner, t.size() / (n * inner), n * inner, inner});
    if (!e) return std::nullopt;
    append(out, *e);
  }
  return out;
}

std::string text(const Grid& g) {
  const auto [coarse, fine] = std::minmax_element(g.fraction.begin(), g.fraction.end());
  const std::string step = *coarse == *fine ? fmt::format("2^{}", -*fine) : fmt::format("2^{}..2^{}", -*coarse, -*fine);
  return fmt::format("{} [{}, {}]{}{}", step, *std::min_element(g.low.begin(), g.low.end()), *std::max_element(g.high.begin(), g.high.end()),
                     g.axis ? fmt::format(" along {}", *g.axis) : "", g.exact ? "" : ", rounded");
}

}  // namespace inferc::grid
