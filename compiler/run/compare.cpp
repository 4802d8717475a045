#include "compiler/run/compare.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/run/elements.hpp"

namespace inferc {
namespace {

std::string shape_text(const Tensor& t) { return fmt::format("[{}]", fmt::join(t.shape(), ", ")); }

bool is_complex(DType t) { return t == DType::complex64 || t == DType::complex128; }

// A complex tensor as its parts: one more axis of two.
Tensor parts(const Tensor& t) {
  std::vector<std::int64_t> shape = t.shape();
  shape.push_back(2);
  Tensor out(t.dtype() == DType::complex64 ? DType::float32 : DType::float64, shape);
  std::copy(t.bytes().begin(), t.bytes().end(), out.bytes().begin());
  return out;
}

std::string index_text(const Tensor& t, std::size_t flat) {
  std::vector<std::size_t> index(t.rank());
  for (std::size_t d = t.rank(); d-- > 0; flat /= static_cast<std::size_t>(t.shape()[d])) index[d] = flat % static_cast<std::size_t>(t.shape()[d]);
  return fmt::format("[{}]", fmt::join(index, ", "));
}

bool agree(double got, double expected, const Tolerance& tolerance) {
  if (std::isnan(expected) || std::isnan(got)) return std::isnan(expected) && std::isnan(got);
  if (std::isinf(expected) || std::isinf(got)) return got == expected;
  return std::fabs(got - expected) <= tolerance.atol + tolerance.rtol * std::fabs(expected);
}

std::string mismatch(const Tensor& got, const Tensor& expected) {
  if (got.dtype() != expected.dtype()) return fmt::format("element type {} instead of {}", name(got.dtype()), name(expected.dtype()));
  if (got.shape() != expected.shape()) return fmt::format("shape {} instead of {}", shape_text(got), shape_text(expected));
  return {};
}

// Worst element by distance; not-a-number and infinite distances are worst.
struct Worst {
  std::size_t index = 0;
  double distance = -1;
  std::size_t count = 0;  // elements that fail
};

void note(Worst& worst, std::size_t index, double distance) {
  ++worst.count;
  if (std::isnan(distance)) distance = std::numeric_limits<double>::infinity();
  if (distance > worst.distance) worst.index = index, worst.distance = distance;
}

std::string describe(const Worst& worst, const Tensor& got, const Tensor& expected) {
  return fmt::format("{} of {} elements differ, worst at {}: {:.9g} instead of {:.9g}", worst.count, got.size(), index_text(got, worst.index),
                     element(got, worst.index), element(expected, worst.index));
}

Comparison compare_floats(const Tensor& got, const Tensor& expected, const Tolerance& tolerance) {
  const FloatFormat format = float_format(got.dtype());
  Comparison out{true, {}, 0.0, 0.0};
  Worst worst;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const std::uint64_t a = element_bits(got, i), b = element_bits(expected, i);
    if (a == b) continue;
    const double x = decode(format, a), y = decode(format, b), distance = std::fabs(x - y);
    if (std::isfinite(distance)) out.max_abs = std::max(*out.max_abs, distance);
    out.max_ulp = std::max(*out.max_ulp, ulps_between(format, a, b));
    if (!agree(x, y, tolerance)) note(worst, i, distance);
  }
  out.passed = worst.count == 0;
  if (!out.passed) out.reason = describe(worst, got, expected);
  return out;
}

Comparison compare_integers(const Tensor& got, const Tensor& expected) {
  Comparison out{true, {}, 0.0, std::nullopt};
  Worst worst;
  for (std::size_t i = 0; i < got.size(); ++i)
    if (element_bits(got, i) != element_bits(expected, i)) note(worst, i, std::fabs(element(got, i) - element(expected, i)));
  out.passed = worst.count == 0;
  if (out.passed) return out;
  out.max_abs = worst.distance;
  out.reason = describe(worst, got, expected);
  return out;
}

RuleD exactly_equal(const Tensor& got, const Tensor& exact) {
  const Comparison same = compare(got, exact, {0, 0});
  constexpr double none = std::numeric_limits<double>::infinity();
  return {same.passed, same.reason, same.passed ? 0 : same.max_abs.value_or(none), none, 0, 0};
}

// max |t - exact| over the finite elements of exact; infinite where t is finite and exact is not, or the other way.
double distance(const Tensor& t, const Tensor& exact) {
  double out = 0;
  for (std::size_t i = 0; i < t.size(); ++i) {
    const double x = element(t, i), y = element(exact, i);
    if (agree(x, y, {0, 0})) continue;
    const double d = std::fabs(x - y);
    out = std::max(out, std::isnan(d) ? std::numeric_limits<double>::infinity() : d);
  }
  return out;
}

void decide(RuleD& d) {
  d.allowed = std::isfinite(d.peer_error) ? std::max(d.four_eps, 2 * d.peer_error) : d.four_eps;
  d.passed = d.error <= d.allowed;
  d.reason = d.passed ? std::string() : fmt::format("error {:.3g} against float64, {:.3g} allowed", d.error, d.allowed);
}

double largest(const Tensor& exact) {
  double out = 0;
  for (std::size_t i = 0; i < exact.size(); ++i)
    if (const double y = std::fabs(element(exact, i)); std::isfinite(y)) out = std::max(out, y);
  return out;
}

}  // namespace

Comparison compare(const Tensor& got, const Tensor& expected, const Tolerance& tolerance) {
  if (std::string reason = mismatch(got, expected); !reason.empty()) return {false, std::move(reason), std::nullopt, std::nullopt};
  if (is_complex(got.dtype())) return compare_floats(parts(got), parts(expected), tolerance);
  return is_float(got.dtype()) ? compare_floats(got, expected, tolerance) : compare_integers(got, expected);
}

Comparison compare_all(std::span<const Tensor> got, std::span<const Tensor> expected, const Tolerance& tolerance) {
  if (got.size() != expected.size()) return {false, fmt::format("{} outputs instead of {}", got.size(), expected.size()), std::nullopt, std::nullopt};
  Comparison out{true, {}, std::nullopt, std::nullopt};
  const auto larger = [](const std::optional<double>& a, const std::optional<double>& b) { return a && b ? std::max(*a, *b) : a ? a : b; };
  for (std::size_t i = 0; i < got.size(); ++i) {
    const Comparison one = compare(got[i], expected[i], tolerance);
    out.max_abs = larger(out.max_abs, one.max_abs);
    out.max_ulp = larger(out.max_ulp, one.max_ulp);
    if (!one.passed && out.passed) out.reason = fmt::format("output {}: {}", i, one.reason);
    out.passed &= one.passed;
  }
  return out;
}

RuleD check_rule_d(const Tensor& got, const Tensor& exact, const Tensor* peer) {
  if (!is_float(got.dtype()) || is_complex(got.dtype())) return exactly_equal(got, exact);
  RuleD out;
  out.peer_error = std::numeric_limits<double>::infinity();
  if (!is_float(exact.dtype()) || got.shape() != exact.shape() || (peer && peer->shape() != got.shape())) {
    out.reason = fmt::format("shape {} instead of {}", shape_text(got), shape_text(exact));
    out.error = std::numeric_limits<double>::infinity();
    return out;
  }
  const double eps = std::ldexp(1.0, -float_format(got.dtype()).mantissa_bits);
  out.error = distance(got, exact);
  out.four_eps = 4 * eps * largest(exact);
  if (peer) out.peer_error = distance(*peer, exact);
  decide(out);
  return out;
}

RuleD pooled(const RuleD& a, const RuleD& b) {
  if (std::isinf(a.error) || std::isinf(b.error)) return std::isinf(a.error) ? a : b;
  RuleD out{false, {}, std::max(a.error, b.error), std::max(a.peer_error, b.peer_error), std::max(a.four_eps, b.four_eps), 0};
  decide(out);
  if (!out.passed && out.four_eps == 0) out.reason = a.passed ? b.reason : a.reason;
  return out;
}

}  // namespace inferc
