#include <algorithm>
#include <cmath>
#include <limits>

#include "compiler/passes/grid_rules.hpp"
#include "compiler/passes/match.hpp"

namespace inferc::grid {
namespace {

Entry positive_part(const Entry& e) { return {e.fraction, std::max<std::int64_t>(0, e.low), std::max<std::int64_t>(0, e.high)}; }
Entry negative_part(const Entry& e) { return {e.fraction, std::min<std::int64_t>(0, e.low), std::min<std::int64_t>(0, e.high)}; }

template <class F>
std::optional<Grid> unary(const View& v, F f) {
  const Grid* x = v.in(0);
  return x ? std::optional(each(*x, f)) : std::nullopt;
}

template <class F>
std::optional<Grid> binary(const View& v, F f) {
  auto a = v.in_result(0), b = v.in_result(1);
  if (a && a->axis) b = v.in_result(1, a->axis);
  else if (b && b->axis) a = v.in_result(0, b->axis);
  return a && b ? std::optional(zip(*a, *b, f)) : std::nullopt;
}

std::optional<Grid> same(const View& v) {
  return unary(v, [](const Entry& e) { return e; });
}

std::optional<Grid> relu(const View& v) { return unary(v, positive_part); }

std::optional<Grid> neg(const View& v) { return unary(v, negated); }

std::optional<Grid> abs(const View& v) {
  return unary(v, [](const Entry& e) {
    const std::int64_t most = std::max(std::abs(e.low), std::abs(e.high));
    const bool crosses = e.low <= 0 && e.high >= 0;
    return Entry{e.fraction, crosses ? 0 : std::min(std::abs(e.low), std::abs(e.high)), most};
  });
}

std::optional<Grid> sign(const View&) { return single({0, -1, 1}); }

std::optional<Grid> add(const View& v) { return binary(v, grid::add); }
std::optional<Grid> sub(const View& v) {
  return binary(v, [](const Entry& a, const Entry& b) { return grid::add(a, negated(b)); });
}
std::optional<Grid> mul(const View& v) { return binary(v, times); }
std::optional<Grid> min(const View& v) { return v.node.inputs.size() == 2 ? binary(v, lower_of) : std::nullopt; }
std::optional<Grid> max(const View& v) { return v.node.inputs.size() == 2 ? binary(v, higher_of) : std::nullopt; }

// x / 2^p, p per element of the divisor.
std::optional<Grid> div(const View& v) {
  const Tensor* c = v.constant(1);
  const auto x = v.in_result(0);
  if (!c || !x || !is_float(v.node.out()->type->dtype)) return std::nullopt;
  const auto divisor = x->axis ? v.in_result(1, x->axis) : v.in_result(1);
  if (!divisor) return std::nullopt;
  bool powers = true;
  Grid out = zip(*x, *divisor, [&](const Entry& a, const Entry& b) {
    powers = powers && b.low == 1 && b.high == 1;  // the fraction of a single 2^p is -p
    return Entry{a.fraction - b.fraction, a.low, a.high};
  });
  return powers ? std::optional(out) : std::nullopt;
}

// Negative values times the slope, others as they are: on the finer of the two grids.
std::optional<Grid> leaky_relu(const View& v) {
  const float alpha = v.node.attr("alpha", 0.01f);
  const auto slope = of_constant(tensor_of<float>({}, std::span(&alpha, 1)));
  if (!slope) return std::nullopt;
  return unary(v, [&](const Entry& e) { return hull(positive_part(e), times(negative_part(e), entry(*slope, 0))); });
}

// A bound that is off the grid, or absent, keeps no value away from where it was: only an infinite range needs it.
std::optional<Entry> bound(const View& v, std::size_t i, double absent) {
  const auto given = v.node.in(i) ? v.number(i) : absent;
  if (!given) return std::nullopt;
  if (std::abs(*given) >= 0x1p100) return Entry{0, *given < 0 ? -unbounded : unbounded, *given < 0 ? -unbounded : unbounded};
  const Grid* g = v.in(i);
  return g && g->low[0] > -unbounded && g->high[0] < unbounded ? std::optional(entry(*g, 0)) : std::nullopt;
}

// min(max(x, low), high)
std::optional<Grid> clip(const View& v) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const auto low = bound(v, 1, -infinity), high = bound(v, 2, infinity);
  if (!low || !high) return std::nullopt;
  return unary(v, [&](const Entry& e) {
    const Entry raised = low->low == -unbounded ? e : higher_of(e, *low);
    return high->high == unbounded ? raised : lower_of(raised, *high);
  });
}

// Of what a Clip to two numbers gives, else none.
Entry rounded_bounds(const View& v, double (*f)(double)) {
  const Node* clip = v.node.in(0)->producer;
  const auto low = clip && clip->is("Clip") ? scalar_value(clip->in(1)) : std::nullopt, high = low ? scalar_value(clip->in(2)) : std::nullopt;
  return low && high && *low <= *high ? Entry{0, saturated(f(*low)), saturated(f(*high))} : Entry{0, -unbounded, unbounded};
}

// To integers; bounds round like the elements, for the rounding never swaps two.
std::optional<Grid> rounded(const View& v, double (*f)(double)) {
  const Grid* x = v.in(0);
  if (!x) return single(rounded_bounds(v, f));
  return each(*x, [&](const Entry& e) {
    if (e.fraction <= 0) return e;
    const auto at = [&](std::int64_t q) { return std::abs(q) >= unbounded ? q : saturated(f(std::ldexp(static_cast<double>(q), -e.fraction))); };
    return Entry{0, at(e.low), at(e.high)};
  });
}

std::optional<Grid> floor(const View& v) {
  return rounded(v, [](double q) { return std::floor(q); });
}
std::optional<Grid> ceil(const View& v) {
  return rounded(v, [](double q) { return std::ceil(q); });
}
std::optional<Grid> round(const View& v) {
  return rounded(v, [](double q) { return std::nearbyint(q); });
}

std::optional<Grid> where(const View& v) {
  const auto a = v.in_result(1), b = v.in_result(2);
  return a && b ? std::optional(zip(*a, *b, hull)) : std::nullopt;
}

// Floats keep what they hold; integers that a float becomes are cut.
std::optional<Grid> cast(const View& v) {
  const Grid* x = v.in(0);
  const bool whole_numbers = x && std::all_of(x->fraction.begin(), x->fraction.end(), [](int f) { return f <= 0; });
  return x && (is_float(v.node.out()->type->dtype) || whole_numbers) ? std::optional(*x) : std::nullopt;
}

}  // namespace

const Rules& elementwise_rules() {
  static const Rules rules = {{"Abs", abs},     {"Add", add},       {"Cast", cast},
                              {"Ceil", ceil},   {"Clip", clip},     {"Div", div},
                              {"Floor", floor}, {"Identity", same}, {"LeakyRelu", leaky_relu},
                              {"Max", max},     {"Min", min},       {"Mul", mul},
                              {"Neg", neg},     {"Relu", relu},     {"Round", round},
                              {"Sign", sign},   {"Sub", sub},       {"Where", where}};
  return rules;
}

}  // namespace inferc::grid
