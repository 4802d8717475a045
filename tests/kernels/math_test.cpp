#include "kernels/math.hpp"

#include <cmath>
#include <cstring>

#include <gtest/gtest.h>

namespace inferc {
namespace {

using Function = Vec (*)(Vec);

float one(Function f, float x) { return f(splat<Vec>(x))[0]; }

double ulps(float y, double exact) {
  const float rounded = static_cast<float>(exact);
  if (std::isnan(y) || std::isnan(rounded)) return std::isnan(y) == std::isnan(rounded) ? 0 : 1e9;
  if (y == rounded) return 0;
  const double unit = static_cast<double>(std::nextafterf(std::fabs(rounded), INFINITY)) - std::fabs(rounded);
  return std::fabs(y - exact) / unit;
}

// Every 16949th float: all exponents, both signs, infinities and NaNs.
double worst(Function f, double (*exact)(double)) {
  double out = 0;
  for (std::uint64_t b = 0; b < (std::uint64_t{1} << 32); b += 16949) {
    const auto bits = static_cast<std::uint32_t>(b);
    float x;
    std::memcpy(&x, &bits, 4);
    const double e = ulps(one(f, x), exact(x));
    if (e > out) out = e;
  }
  return out;
}

TEST(Math, UlpOverTheWholeRange) {
  EXPECT_LE(worst(&math::exp<Vec>, [](double x) { return std::exp(x); }), 1.5);
  EXPECT_LE(worst(&math::log<Vec>, [](double x) { return std::log(x); }), 1.5);
  EXPECT_LE(worst(&math::tanh<Vec>, [](double x) { return std::tanh(x); }), 3.0);
  EXPECT_LE(worst(&math::erf<Vec>, [](double x) { return std::erf(x); }), 4.0);
  EXPECT_LE(worst(&math::atan<Vec>, [](double x) { return std::atan(x); }), 2.0);
  // 0 below the smallest normal number.
  const auto sigmoid = [](double x) { return 1 / (1 + std::exp(-x)) < 0x1p-126 ? 0 : 1 / (1 + std::exp(-x)); };
  EXPECT_LE(worst(&math::sigmoid<Vec>, sigmoid), 4.0);
}

TEST(Math, ExceptionalValues) {
  EXPECT_EQ(one(&math::exp<Vec>, INFINITY), INFINITY);
  EXPECT_EQ(one(&math::exp<Vec>, 88.7228394f), INFINITY);  // the least float above log(2^128)
  EXPECT_EQ(one(&math::exp<Vec>, 88.7228317f), 3.40279851e38f);
  EXPECT_EQ(one(&math::exp<Vec>, -INFINITY), 0.0f);
  EXPECT_TRUE(std::isnan(one(&math::exp<Vec>, NAN)));
  EXPECT_EQ(one(&math::exp<Vec>, 0.0f), 1.0f);
  EXPECT_EQ(one(&math::log<Vec>, 0.0f), -INFINITY);
  EXPECT_TRUE(std::isnan(one(&math::log<Vec>, -1.0f)));
  EXPECT_TRUE(std::signbit(one(&math::tanh<Vec>, -0.0f)));
  EXPECT_TRUE(std::isnan(one(&math::sigmoid<Vec>, NAN)));
  EXPECT_EQ(one(&math::atan<Vec>, INFINITY), 1.57079637f);
  EXPECT_TRUE(std::signbit(one(&math::atan<Vec>, -0.0f)));
  EXPECT_TRUE(std::isnan(one(&math::atan<Vec>, NAN)));
}

TEST(Simd, FmaRoundsOnce) {
  std::uint64_t state = 1;
  const auto draw = [&] {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const auto bits = static_cast<std::uint32_t>(state >> 32);
    float x;
    std::memcpy(&x, &bits, 4);
    return x;
  };
  for (int i = 0; i < 2000000; ++i) {
    const float a = draw(), b = draw(), c = i % 2 ? draw() : -a * b;
    const float ours = fma(a, b, c), libm = std::fma(a, b, c);
    ASSERT_TRUE(ours == libm || (std::isnan(ours) && std::isnan(libm))) << a << ' ' << b << ' ' << c;
  }
}

TEST(Simd, PartialLoadsAndStoresStayInside) {
  float from[lanes], to[lanes];
  for (int i = 0; i < lanes; ++i) from[i] = static_cast<float>(i + 1);
  for (int n = 0; n < lanes; ++n) {
    for (float& x : to) x = -1;
    store_first(to, load_first<Vec>(from, static_cast<std::size_t>(n)), static_cast<std::size_t>(n));
    for (int i = 0; i < lanes; ++i) EXPECT_EQ(to[i], i < n ? from[i] : -1.0f);
  }
}

}  // namespace
}  // namespace inferc
