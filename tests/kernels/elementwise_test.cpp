#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/functors.hpp"
#include "tests/kernels/digest.hpp"

// Elementwise functions of float against float64: 4 units in the last place where |y| > 1e-6, else 2.5e-7.
namespace inferc {
namespace {

float from_bits(std::uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof(x));
  return x;
}

struct Error {
  double units = 0;  // of the last place, where |exact| > 1e-6
  double small = 0;  // absolute, elsewhere
  float units_at = 0, small_at = 0;
  std::uint64_t exceptional = 0;  // NaN or infinite on one side only, or of the other sign
  float exceptional_at = 0;
};

void compare(Error& e, float x, float y, double exact) {
  const float rounded = static_cast<float>(exact);
  if (!std::isfinite(y) || !std::isfinite(rounded)) {
    const bool same = std::isnan(rounded) ? std::isnan(y) : y == rounded;
    if (!same) ++e.exceptional, e.exceptional_at = x;
    return;
  }
  const double distance = std::fabs(static_cast<double>(y) - exact);
  if (std::fabs(exact) > 1e-6) {
    const double units = std::ldexp(distance, 23 - std::ilogb(exact));
    if (units > e.units) e.units = units, e.units_at = x;
  } else if (distance > e.small) {
    e.small = distance, e.small_at = x;
  }
}

// f on whole vectors of the points that `at` gives.
template <class F, class G, class At>
Error sweep(F f, G exact, std::uint64_t points, At at) {
  Error out;
  for (std::uint64_t i = 0; i < points; i += lanes) {
    Vec x;
    for (int l = 0; l < lanes; ++l) x[l] = at(i + static_cast<std::uint64_t>(l));
    const Vec y = f(x);
    for (int l = 0; l < lanes; ++l) compare(out, x[l], y[l], exact(static_cast<double>(x[l])));
  }
  return out;
}

// Every 8191st float, both signs, denormals, infinities and NaNs; then equidistant points where the functions bend.
template <class F, class G>
void expect_rule_b(F f, G exact, const char* name) {
  constexpr std::uint64_t floats = (std::uint64_t{1} << 32) / 8191, points = 524288;
  for (const Error& e : {sweep(f, exact, floats, [](std::uint64_t i) { return from_bits(static_cast<std::uint32_t>(i * 8191)); }),
                         sweep(f, exact, points, [](std::uint64_t i) { return static_cast<float>(i) * 0x1p-14f - 16.0f; })}) {
    EXPECT_LE(e.units, 4) << name << " at " << e.units_at;
    EXPECT_LE(e.small, 2.5e-7) << name << " at " << e.small_at;
    EXPECT_EQ(e.exceptional, 0u) << name << " at " << e.exceptional_at;
  }
}

#define RULE_B(name, exact, ...)                                                                                                     \
  TEST(Elementwise, name) {                                                                                                          \
    expect_rule_b([](Vec v) { return functors::name::apply(v __VA_OPT__(, ) __VA_ARGS__); }, [](double x) { return exact; }, #name); \
  }

RULE_B(exp, std::exp(x))
RULE_B(log, std::log(x))
RULE_B(tanh, std::tanh(x))
RULE_B(erf, std::erf(x))
RULE_B(sigmoid, 1 / (1 + std::exp(-x)))
RULE_B(softplus, std::isinf(x) && x > 0 ? x : std::fmax(x, 0.0) + std::log1p(std::exp(-std::fabs(x))) + (std::isnan(x) ? x : 0))
RULE_B(softsign, x / (1 + std::fabs(x)))
RULE_B(hard_swish, std::isnan(x) ? x : x* std::fmin(std::fmax(x / 6 + 0.5, 0.0), 1.0))
RULE_B(hard_sigmoid, std::isnan(x) ? x : std::fmin(std::fmax(x* static_cast<double>(0.2f) + 0.5, 0.0), 1.0), 0.2f, 0.5f)
RULE_B(elu, x < 0 ? static_cast<double>(1.3f) * std::expm1(x) : x, 1.3f)
RULE_B(selu, static_cast<double>(1.05f) * (x > 0 ? x : static_cast<double>(1.67f) * std::expm1(x)), 1.67f, 1.05f)
RULE_B(celu, x > 0 ? x : 0.7 * std::expm1(x / 0.7), 0.7f)
RULE_B(leaky_relu, x < 0 ? x * static_cast<double>(0.01f) : x, 0.01f)
RULE_B(gelu, x * 0.5 * std::erfc(-x * std::sqrt(0.5)))
RULE_B(gelu_tanh, x / (1 + std::exp(-2 * std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))))
RULE_B(mish, std::isinf(x) && x > 0 ? x : x * std::tanh(std::fmax(x, 0.0) + std::log1p(std::exp(-std::fabs(x)))) + (std::isnan(x) ? x : 0))
RULE_B(swish, x / (1 + std::exp(-1.5 * x)), 1.5f)
RULE_B(sin, std::sin(x))
RULE_B(cos, std::cos(x))
RULE_B(tan, std::tan(x))
RULE_B(asin, std::asin(x))
RULE_B(acos, std::acos(x))
RULE_B(atan, std::atan(x))
RULE_B(sinh, std::sinh(x))
RULE_B(cosh, std::cosh(x))
RULE_B(asinh, std::asinh(x))
RULE_B(acosh, std::acosh(x))
RULE_B(atanh, std::atanh(x))

TEST(Elementwise, pow) {
  for (const float e : {-2.0f, -0.5f, 0.0f, 0.3f, 1.0f, 2.0f, 3.0f, 7.5f})
    expect_rule_b([e](Vec v) { return functors::pow::apply(v, splat<Vec>(e)); }, [e](double x) { return std::pow(x, static_cast<double>(e)); }, "pow");
}

template <class F>
void digest_of(F f, Digest& digest) {
  std::vector<float> out;
  for (int i = -16 * 1024; i < 16 * 1024; i += lanes) {
    Vec x;
    for (int l = 0; l < lanes; ++l) x[l] = static_cast<float>(i + l) * 0x1.1p-10f;
    const Vec y = f(x);
    for (int l = 0; l < lanes; ++l) out.push_back(y[l]);
  }
  digest.add(out);
}

// On every code path, by every compiler.
TEST(Elementwise, SameBits) {
  Digest digest;
  digest_of([](Vec v) { return functors::gelu::apply(v); }, digest);
  digest_of([](Vec v) { return functors::gelu_tanh::apply(v); }, digest);
  digest_of([](Vec v) { return functors::elu::apply(v, 1.3f); }, digest);
  digest_of([](Vec v) { return functors::hard_swish::apply(v); }, digest);
  digest_of([](Vec v) { return functors::hard_sigmoid::apply(v, 0.2f, 0.5f); }, digest);
  digest_of([](Vec v) { return functors::erf::apply(functors::tanh::apply(functors::exp::apply(v))); }, digest);
  digest_of([](Vec v) { return functors::softplus::apply(functors::sigmoid::apply(v)); }, digest);
  EXPECT_EQ(digest.value(), 3726357469u);
}

// Sqrt and Reciprocal are rounded once.
TEST(Elementwise, CorrectlyRounded) {
  for (std::uint64_t b = 0; b < (std::uint64_t{1} << 32); b += 4273) {
    const float x = from_bits(static_cast<std::uint32_t>(b));
    const float root = functors::sqrt::apply(splat<Vec>(x))[0], inverse = functors::reciprocal::apply(splat<Vec>(x))[0];
    const float exact_root = static_cast<float>(std::sqrt(static_cast<double>(x))), exact_inverse = static_cast<float>(1 / static_cast<double>(x));
    ASSERT_TRUE(root == exact_root || (std::isnan(root) && std::isnan(exact_root))) << x;
    ASSERT_TRUE(inverse == exact_inverse || (std::isnan(inverse) && std::isnan(exact_inverse))) << x;
  }
}

}  // namespace
}  // namespace inferc
