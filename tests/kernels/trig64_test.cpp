#include "kernels/trig64.hpp"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "tests/kernels/ulps64.hpp"

namespace inferc {
namespace {

TEST(Trig64, WithinOneUlp) {
  for (const double range : {1.0, 10.0, 1e5, 1e12, 1e18}) {
    EXPECT_ULPS(sin, -range, range);
    EXPECT_ULPS(cos, -range, range);
    EXPECT_ULPS(tan, -range, range);
  }
  EXPECT_ULPS(atan, -1, 1);
  EXPECT_ULPS(atan, -100, 100);
  EXPECT_ULPS(asin, -1, 1);
  EXPECT_ULPS(asin, 0.999999, 1);
  EXPECT_ULPS(acos, -1, 1);
  EXPECT_ULPS(acos, 0.999999, 1);
}

// sin and cos of huge arguments against glibc, which is right to 1 ULP there.
TEST(Trig64, EveryExponent) {
  std::mt19937_64 random(3);
  for (int e = -40; e < 1024; ++e)
    for (int i = 0; i < 20; ++i) {
      const double x = std::ldexp(1.0 + static_cast<double>(random() >> 12) * 0x1p-52, e);
      ASSERT_LE(ulps(math64::sin(x), std::sin(x)), 1.0) << x;
      ASSERT_LE(ulps(math64::cos(-x), std::cos(x)), 1.0) << x;
    }
}

TEST(Trig64, ExceptionalValues) {
  EXPECT_TRUE(std::isnan(math64::sin(INFINITY)));
  EXPECT_TRUE(std::isnan(math64::cos(-INFINITY)));
  EXPECT_TRUE(std::isnan(math64::tan(NAN)));
  EXPECT_TRUE(std::signbit(math64::sin(-0.0)));
  EXPECT_EQ(math64::cos(0.0), 1.0);
  EXPECT_EQ(math64::atan(INFINITY), std::atan(HUGE_VAL));
  EXPECT_EQ(math64::atan(-INFINITY), -std::atan(HUGE_VAL));
  EXPECT_TRUE(std::isnan(math64::asin(1.5)));
  EXPECT_TRUE(std::isnan(math64::acos(-1.5)));
  EXPECT_EQ(math64::asin(1.0), std::asin(1.0));
  EXPECT_EQ(math64::acos(-1.0), std::acos(-1.0));
  EXPECT_EQ(math64::acos(1.0), 0.0);
}

}  // namespace
}  // namespace inferc
