#pragma once
#include <algorithm>
#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace inferc {

// Distance of y from the exact value in units of its last place.
inline double ulps(double y, long double exact) {
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

// The double function against the long double one of the same name in std, at 20,000 seeded points.
#define EXPECT_ULPS(f, low, high) EXPECT_LE(worst([](double x) { return math64::f(x); }, [](long double x) { return std::f(x); }, low, high), 1.0) << #f

}  // namespace inferc
