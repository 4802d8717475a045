#include "kernels/math64.hpp"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace inferc {
namespace {

// Distance of y from the exact value in units of its last place.
double ulps(double y, long double exact) {
  const double rounded = static_cast<double>(exact);
  if (std::isnan(y) || std::isnan(rounded)) return std::isnan(y) == std::isnan(rounded) ? 0 : 1e9;
  if (y == rounded) return 0;
  const double next = std::nextafter(std::fabs(rounded), INFINITY);
  const long double unit = static_cast<long double>(next) - std::fabs(rounded);
  return static_cast<double>(std::fabs(y - exact) / unit);
}

template <class F, class G>
double worst(F ours, G exact, double low, double high) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> draw(low, high);
  double out = 0;
  for (int i = 0; i < 20000; ++i) {
    const double x = draw(random);
    out = std::max(out, ulps(ours(x), exact(static_cast<long double>(x))));
  }
  return out;
}

#define EXPECT_ULPS(f, low, high) \
  EXPECT_LE(worst([](double x) { return math64::f(x); }, [](long double x) { return std::f(x); }, low, high), 1.0) << #f

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
