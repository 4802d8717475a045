#include "kernels/ref/sum.hpp"

#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace inferc {
namespace {

// The contract in words: block totals first, then level by level.
float by_levels(const std::vector<float>& x) {
  std::vector<float> totals;
  for (std::size_t at = 0; at < x.size(); at += 1024) {
    float lane[16] = {};
    for (std::size_t j = at; j < x.size() && j < at + 1024; ++j) lane[j % 16] += x[j];
    for (int half = 8; half > 0; half /= 2)
      for (int i = 0; i < half; ++i) lane[i] += lane[i + half];
    totals.push_back(lane[0]);
  }
  while (totals.size() > 1) {
    std::vector<float> next;
    for (std::size_t i = 0; i < totals.size(); i += 2) next.push_back(i + 1 < totals.size() ? totals[i] + totals[i + 1] : totals[i]);
    totals = next;
  }
  return totals.empty() ? 0 : totals[0];
}

TEST(ReferenceSum, FollowsTheOrderOfTheContract) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> draw(-1, 1);
  for (const std::size_t n : {0u, 1u, 15u, 16u, 17u, 1023u, 1024u, 1025u, 3000u, 5 * 1024u, 7 * 1024u + 3, 11 * 1024u, 13 * 1024u}) {
    std::vector<float> x(n);
    for (float& v : x) v = draw(random) * (random() % 16 == 0 ? 1e6f : 1.0f);
    EXPECT_EQ(ref::sum<float>(n, [&](std::size_t j) { return x[j]; }), by_levels(x)) << n;
  }
}

TEST(ReferenceSum, IntegersWrap) {
  EXPECT_EQ(ref::sum<std::int8_t>(3, [](std::size_t) { return std::int8_t{100}; }), static_cast<std::int8_t>(300 - 256));
}

}  // namespace
}  // namespace inferc
