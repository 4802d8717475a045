#include "kernels/cpu/gathered.hpp"

#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/cpu/gemm.hpp"
#include "kernels/cpu/pack.hpp"
#include "kernels/functors.hpp"
#include "tests/kernels/product.hpp"

namespace inferc {
namespace {

using cpu::Gathered;
using cpu::Step;
using cpu::Strided;

struct Difference {
  template <class X, class Y, class B>
  static auto apply(X x, Y y, B b) {
    return functors::relu::apply(functors::add::apply(functors::sub::apply(x, y), b));
  }
};
struct Sum {
  template <class X, class Y>
  static auto apply(X x, Y y) {
    return functors::add::apply(x, y);
  }
};

// Of both signs: each row by its number from the front or from the back.
template <class I>
std::vector<I> random_indices(std::size_t n, std::size_t rows, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<int> draw(-static_cast<int>(rows), static_cast<int>(rows) - 1);
  std::vector<I> out(n);
  for (I& i : out) i = static_cast<I>(draw(random));
  return out;
}
template <class I>
std::size_t front(I i, std::size_t rows) {
  return static_cast<std::size_t>(i < 0 ? i + static_cast<I>(rows) : i);
}

// out[e] = relu(x[s[e]] - x[t[e]] + b): two picks of one table.
template <class I>
void edges(std::size_t count, std::size_t n) {
  constexpr std::size_t rows = 7;
  const auto x = cancelling(rows * n, 1), b = cancelling(n, 2);
  const auto s = random_indices<I>(count, rows, 3), t = random_indices<I>(count, rows, 4);
  std::vector<float> out(count * n + 20, -7.0f);
  const auto w = static_cast<std::ptrdiff_t>(n);
  const auto picked = [&](const std::vector<I>& index) { return Gathered<const float, I, 2, Step::unit>{x.data(), {0, 1}, index.data(), {1, 0}, w, rows}; };
  cpu::map<Difference>(Range{dim<0>{}, count}, Sizes<0>{{0}}, n, Strided<float, 2, Step::unit>{out.data(), {w, 1}}, picked(s), picked(t),
                       Strided<const float, 2, Step::unit>{b.data(), {0, 1}});
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t e = n > 0 ? i / n : count, j = n > 0 ? i % n : 0;
    ASSERT_EQ(out[i], e < count ? Difference::apply(x[front(s[e], rows) * n + j], x[front(t[e], rows) * n + j], b[j]) : -7.0f) << count << 'x' << n << ' ' << i;
  }
}

TEST(Gathered, AMapReadsTwoRowsOfATable) {
  for (const std::size_t n : {1U, 3U, 9U, 16U, 17U, 40U, 128U})
    for (const std::size_t count : {0U, 1U, 23U}) edges<std::int64_t>(count, n), edges<std::int32_t>(count, n);
}

// out[p, q, :] = c[p, :] + x[index[p, q], :]: neighbours of points, the table with gaps between its rows and its columns.
TEST(Gathered, AlongTwoDimsOfARowsWithGaps) {
  constexpr std::size_t points = 5, k = 4, n = 19, rows = 6, pitch = 2 * n + 3;
  const auto x = cancelling(rows * pitch, 1), c = cancelling(points * n, 2);
  const auto index = random_indices<std::int64_t>(points * k, rows, 5);
  std::vector<float> out(points * k * n);
  cpu::map<Sum>(Range{dim<0>{}, points}, Sizes<1>{{k}}, dim<n>{}, Strided<float, 3, Step::unit>{out.data(), {k * n, n, 1}},
                Strided<const float, 3, Step::unit>{c.data(), {n, 0, 1}},
                Gathered<const float, std::int64_t, 3, Step::any>{x.data(), {0, 0, 2}, index.data(), {k, 1, 0}, pitch, rows});
  for (std::size_t e = 0; e < points * k; ++e)
    for (std::size_t j = 0; j < n; ++j) ASSERT_EQ(out[e * n + j], c[e / k * n + j] + x[front(index[e], rows) * pitch + 2 * j]) << e << ' ' << j;
}

template <class I>
void check_product(std::size_t m, std::size_t n) {
  constexpr std::size_t k = 37, rows = 9;
  const auto a = cancelling(m * k, 1), b = cancelling(k * n, 2), x = cancelling(rows * (n + 2), 3);
  const auto index = random_indices<I>(m, rows, 6);
  std::vector<float> packed(cpu::packed_size(k, n)), c(m * n + 20, -7.0f);
  cpu::pack_panels(packed.data(), b.data(), k, n, n, std::size_t{1});
  cpu::gemm(Range{std::size_t{0}, m}, c.data(), n, a.data(), dim<k>{}, packed.data(), n, dim<k>{},
            cpu::epilogue<Sum>(cpu::GatheredRow<I>{x.data(), static_cast<std::ptrdiff_t>(n + 2), index.data(), rows}));
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      const float sum = product_in_blocks(k, n < 64 ? 16 : 64, [&](std::size_t p) { return a[i * k + p]; }, [&](std::size_t p) { return b[p * n + j]; });
      ASSERT_EQ(c[i * n + j], sum + x[front(index[i], rows) * (n + 2) + j]) << m << 'x' << n << " at " << i << ',' << j;
    }
  for (std::size_t i = m * n; i < c.size(); ++i) ASSERT_EQ(c[i], -7.0f);
}

TEST(Gathered, AnEpilogueReadsTheRowsOfATable) {
  for (const std::size_t m : {1U, 2U, 7U, 8U, 30U})
    for (const std::size_t n : {1U, 7U, 16U, 40U, 70U}) check_product<std::int64_t>(m, n), check_product<std::int32_t>(m, n);
}

TEST(Gathered, IndicesOutOfRangeAreFoundAtAnyPlace) {
  for (std::size_t n = 0; n < 40; ++n) {
    auto index = random_indices<std::int64_t>(n, 5, 7);
    EXPECT_EQ(cpu::check_indices(index.data(), n, 5), Fault::none);
    for (std::size_t at = 0; at < n; ++at)
      for (const std::int64_t bad : {std::int64_t{5}, std::int64_t{-6}, INT64_MAX, INT64_MIN}) {
        const std::int64_t good = index[at];
        index[at] = bad;
        EXPECT_EQ(cpu::check_indices(index.data(), n, 5), Fault::index_out_of_range) << n << ' ' << at;
        index[at] = good;
      }
  }
  const std::int32_t none = 0;
  EXPECT_EQ(cpu::check_indices(&none, 1, 0), Fault::index_out_of_range);
}

}  // namespace
}  // namespace inferc
