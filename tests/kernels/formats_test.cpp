#include "kernels/convert.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

// Conversions of the element types that C++ lacks, over all their patterns, by their formulas.
namespace inferc {
namespace {

using formats::Rounding;
using formats::Special;

// sign * (1.m) * 2^(e - bias), subnormals (0.m) * 2^(1 - bias).
template <class F>
double formula(std::uint32_t pattern) {
  const bool negative = F::is_signed && pattern >> F::width != 0;
  const std::uint32_t magnitude = pattern & F::all_ones, m = magnitude & ((1u << F::mantissa) - 1), e = magnitude >> F::mantissa;
  const bool nan = (F::special == Special::ieee && magnitude > F::infinity) || (F::special == Special::all_ones && magnitude == F::all_ones) ||
                   (F::special == Special::negative_zero && negative && magnitude == 0);
  if (nan) return NAN;
  double v = std::ldexp(e == 0 && F::mantissa > 0 ? m : m + (1u << F::mantissa), static_cast<int>(e == 0 && F::mantissa > 0 ? 1 : e) - F::bias - F::mantissa);
  if (F::special == Special::ieee && magnitude == F::infinity) v = INFINITY;
  return negative ? -v : v;
}

template <class F>
class Formats : public testing::Test {};
using All = testing::Types<formats::float16, formats::bfloat16, formats::float8e4m3fn, formats::float8e4m3fnuz, formats::float8e5m2, formats::float8e5m2fnuz,
                           formats::float8e8m0, formats::float4e2m1>;
TYPED_TEST_SUITE(Formats, All);

template <class F>
constexpr std::uint32_t patterns = 1u << (F::width + F::is_signed);

TYPED_TEST(Formats, EveryPatternHasTheValueOfTheFormulaAndComesBack) {
  using F = TypeParam;
  for (std::uint32_t p = 0; p < patterns<F>; ++p) {
    const auto stored = static_cast<typename F::Storage>(p);
    const double want = formula<F>(p), have = formats::decode<F>(stored);
    ASSERT_TRUE(std::isnan(want) ? std::isnan(have) : want == have && std::signbit(want) == std::signbit(have)) << p << ": " << have << " instead of " << want;
    ASSERT_TRUE(std::isnan(want) ? std::isnan(formats::decode<F>(formats::encode<F>(have))) : formats::encode<F>(have) == stored) << p;
  }
}

// Between neighbours a < b of one sign: below the middle a, above it b, at the middle the even one.
TYPED_TEST(Formats, RoundsOnceToTheNearestEven) {
  using F = TypeParam;
  const Rounding mode = F::mantissa == 0 ? Rounding::nearest_up : Rounding::nearest;
  for (std::uint32_t p = 0; p < F::largest; ++p) {
    const double a = formula<F>(p), b = formula<F>(p + 1), middle = a + (b - a) / 2;
    const std::uint32_t even = F::mantissa == 0 || p % 2 != 0 ? p + 1 : p;
    EXPECT_EQ(formats::encode<F>(std::nextafter(middle, a), false, mode), p);
    EXPECT_EQ(formats::encode<F>(middle, false, mode), even);
    EXPECT_EQ(formats::encode<F>(std::nextafter(middle, b), false, mode), p + 1);
    EXPECT_EQ(formats::encode<F>(middle, false, Rounding::up), p + 1);
    EXPECT_EQ(formats::encode<F>(middle, false, Rounding::down), p);
    if constexpr (F::is_signed) {
      EXPECT_EQ(formats::encode<F>(-middle, false, mode), (even | 1u << F::width) & (even == 0 && F::special == Special::negative_zero ? 0u : ~0u));
    }
  }
}

TYPED_TEST(Formats, WhatIsTooLargeFollowsOnnxsTables) {
  using F = TypeParam;
  const double largest = formula<F>(F::largest), step = largest - formula<F>(F::largest - 1), inf = INFINITY;
  for (const double x : {largest + step, 2 * largest, 1e300, inf}) {
    EXPECT_EQ(formats::encode<F>(x, true), F::largest) << x;
    const double open = formula<F>(formats::encode<F>(x, false));
    if (F::special == Special::ieee) EXPECT_EQ(open, inf) << x;
    else if (F::special == Special::finite) EXPECT_EQ(open, largest) << x;
    else EXPECT_TRUE(std::isnan(open)) << x;
    if constexpr (F::is_signed) {
      EXPECT_EQ(formula<F>(formats::encode<F>(-x, true)), -largest) << x;
    }
  }
  if (F::is_signed) {
    EXPECT_EQ(formats::encode<F>(std::nextafter(largest + step / 2, 0.0), false), F::largest);
    EXPECT_EQ(formula<F>(formats::encode<F>(0.0)), 0.0);
    EXPECT_EQ(formats::encode<F>(std::numeric_limits<double>::denorm_min()), 0);
  } else {
    for (const double x : {0.0, 1e-300, std::ldexp(0.99, -127)}) {
      EXPECT_EQ(formats::encode<F>(x, true, Rounding::up), 0) << x;
      EXPECT_EQ(formats::encode<F>(x, false, Rounding::nearest_up), F::nan) << x;
    }
    EXPECT_EQ(formats::encode<F>(-1.0, true), F::nan);
  }
}

// The short forms for float give what the formulas for double give: at every value, next to it and at the middles.
template <class F>
void compare_short_forms() {
  for (std::uint32_t p = 0; p < 1u << 16; ++p) {
    const auto stored = static_cast<std::uint16_t>(p);
    const float x = formats::to_float<F>(stored);
    ASSERT_TRUE(x != x ? std::isnan(formula<F>(p)) : static_cast<double>(x) == formula<F>(p) && std::signbit(x) == (p >> 15 != 0)) << p;
    ASSERT_EQ(formats::from_float<F>(x), x != x ? stored | F::nan : p) << p;
    const float middle = x + (formats::to_float<F>(static_cast<std::uint16_t>(p + 1)) - x) / 2;
    for (const float y :
         {std::nextafter(x, INFINITY), std::nextafter(x, -INFINITY), middle, std::nextafter(middle, INFINITY), std::nextafter(middle, -INFINITY)})
      ASSERT_TRUE(y != y || formats::from_float<F>(y) == formats::encode<F>(static_cast<double>(y))) << p << " " << y;
  }
  for (std::uint64_t i = 0; i < 1u << 20; ++i) {
    const float y = inferc::bit_cast<float>(static_cast<std::uint32_t>(i * 0x9e3779b97f4a7c15u >> 32));
    ASSERT_EQ(formats::from_float<F>(y), formats::encode<F>(static_cast<double>(y))) << y;
  }
}

TEST(Halves, ShortFormsGiveTheSameBits) {
  compare_short_forms<formats::float16>();
  compare_short_forms<formats::bfloat16>();
}

TEST(Halves, TheBoundOfTheTable) {
  EXPECT_EQ(formats::from_float<formats::float16>(65519.0f), 0x7bff);
  EXPECT_EQ(formats::from_float<formats::float16>(65520.0f), 0x7c00);
  EXPECT_EQ((functors::convert<double, formats::float16>::apply(1.0 + 0x1p-11 + 0x1p-40)), 0x3c01);  // through float it would be a tie
  EXPECT_EQ((functors::convert<std::int64_t, formats::bfloat16>::apply((std::int64_t{257} << 54) + 1)), 0x5e81);
  EXPECT_EQ((functors::convert<std::int64_t, formats::bfloat16>::apply(-(std::int64_t{257} << 54))), 0xde80);
}

TEST(SmallIntegers, TakeTheLowBits) {
  for (int x = -40; x <= 40; ++x) {
    EXPECT_EQ((functors::convert<std::int32_t, formats::int4>::apply(x)), ((x + 8) & 15) - 8);
    EXPECT_EQ((functors::convert<std::int32_t, formats::uint4>::apply(x)), x & 15);
    EXPECT_EQ((functors::convert<float, formats::int2>::apply(static_cast<float>(x))), ((x + 2) & 3) - 2);
    EXPECT_EQ((functors::convert<float, formats::uint2>::apply(static_cast<float>(x))), x & 3);
  }
  EXPECT_EQ((functors::convert<formats::int4, float>::apply(-8)), -8.0f);
  EXPECT_EQ((functors::convert<formats::uint4, formats::float8e4m3fn>::apply(15)), 0x57);
}

}  // namespace
}  // namespace inferc
