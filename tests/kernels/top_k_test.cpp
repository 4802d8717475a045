#include "kernels/cpu/top_k.hpp"

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/ref/top_k.hpp"

namespace inferc {
namespace {

// Few distinct values, so that ties are everywhere; now and then a NaN, an infinity, a zero of either sign.
std::vector<float> rows_with_ties(std::size_t n, unsigned seed) {
  std::mt19937 random(seed);
  const float special[] = {NAN, INFINITY, -INFINITY, 0.0f, -0.0f, -NAN, 1e-40f, -1e-40f};
  std::vector<float> x(n);
  for (float& v : x) v = random() % 8 == 0 ? special[random() % 8] : static_cast<float>(static_cast<int>(random() % 21) - 10) / 4;
  return x;
}

void check(std::size_t n, std::size_t k, bool largest, unsigned seed) {
  const std::size_t rows = 3;
  const auto x = rows_with_ties(rows * n, seed);
  std::vector<float> values(rows * k + 4, -7.0f), expected = values;
  std::vector<std::int64_t> indices(rows * k + 4, -7), expected_indices = indices;
  cpu::top_k(Range{std::size_t{0}, rows}, values.data(), indices.data(), x.data(), n, k, largest);
  ref::top_k(expected.data(), expected_indices.data(), x.data(), rows, n, 1, k, largest);
  EXPECT_EQ(indices, expected_indices) << n << ' ' << k << ' ' << largest;
  EXPECT_EQ(std::memcmp(values.data(), expected.data(), values.size() * sizeof(float)), 0) << n << ' ' << k << ' ' << largest;
}

TEST(TopK, EqualsTheDefinitionWithTiesAndNan) {
  unsigned seed = 0;
  for (const std::size_t n : {1u, 3u, 15u, 16u, 17u, 31u, 33u, 64u, 100u, 128u, 1000u, 1024u, 1030u})
    for (const std::size_t k :
         {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{16}, std::size_t{17}, std::size_t{64}, std::size_t{256}, n})
      if (k <= n) check(n, k, true, ++seed), check(n, k, false, ++seed);
}

}  // namespace
}  // namespace inferc
