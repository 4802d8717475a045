#include "kernels/math64.hpp"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "tests/kernels/ulps64.hpp"

namespace inferc {
namespace {

TEST(Math64, WithinOneUlp) {
  EXPECT_ULPS(exp, -708, 709);
  EXPECT_ULPS(exp, -1, 1);
  EXPECT_ULPS(expm1, -1, 1);
  EXPECT_ULPS(log, 1e-300, 10);
  EXPECT_ULPS(log, 0.9, 1.1);
  EXPECT_ULPS(log1p, -0.5, 1);
  EXPECT_ULPS(sinh, -5, 5);
  EXPECT_ULPS(cosh, -5, 5);
  EXPECT_ULPS(tanh, -3, 3);
  EXPECT_ULPS(asinh, -100, 100);
  EXPECT_ULPS(acosh, 1, 100);
  EXPECT_ULPS(atanh, -0.99, 0.99);
  EXPECT_LE(worst([](double x) { return math64::erf(x); }, [](long double x) { return std::erf(x); }, -6, 6), 1.5);
}

TEST(Math64, ExceptionalValues) {
  EXPECT_EQ(math64::exp(INFINITY), INFINITY);
  EXPECT_EQ(math64::exp(-INFINITY), 0);
  EXPECT_TRUE(std::isnan(math64::exp(NAN)));
  EXPECT_EQ(math64::log(0.0), -INFINITY);
  EXPECT_TRUE(std::isnan(math64::log(-1.0)));
  EXPECT_EQ(math64::pow(2.0, 10.0), 1024);
  EXPECT_EQ(math64::pow(-2.0, 3.0), -8);
  EXPECT_EQ(math64::rint(2.5), 2);
  EXPECT_EQ(math64::floor(-0.5), -1);
  EXPECT_TRUE(std::signbit(math64::ceil(-0.5)));
}

}  // namespace
}  // namespace inferc
