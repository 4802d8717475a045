#include "kernels/cpu/scatter.hpp"

#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/ref/gather_nd.hpp"
#include "kernels/ref/scatter.hpp"
#include "tests/kernels/product.hpp"

namespace inferc {
namespace {

using Indices = std::vector<std::int64_t>;

// Indices in [-n, n), some of them equal.
Indices indices_below(std::size_t count, std::int64_t n, std::uint64_t seed) {
  Indices out(count);
  for (std::int64_t& i : out) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    i = static_cast<std::int64_t>(seed >> 33) % (2 * n) - n;
  }
  return out;
}

template <class F>
void elements(std::size_t outer, std::size_t axis, std::size_t count, std::size_t inner, bool whole_rows) {
  const std::vector<float> data = cancelling(outer * axis * inner, 1), updates = cancelling(outer * count * inner, 2);
  const Indices indices = indices_below(outer * count * inner, static_cast<std::int64_t>(axis), 3);
  const auto s = [](std::size_t v) { return static_cast<std::ptrdiff_t>(v); };
  const std::ptrdiff_t step[3] = {s(count * inner), s(inner), whole_rows ? 0 : 1};
  std::vector<float> want(data.size()), got(data.size());
  const Fault expected = ref::scatter_elements<F, float, std::int64_t, 3>(
      {want.data(), {outer, axis, inner}, {s(axis * inner), s(inner), 1}}, {data.data(), {outer, axis, inner}, {s(axis * inner), s(inner), 1}},
      {indices.data(), {outer, count, inner}, {step[0], step[1], step[2]}}, {updates.data(), {outer, count, inner}, {s(count * inner), s(inner), 1}}, 2);
  EXPECT_EQ(expected, Fault::none);
  EXPECT_EQ(
      (cpu::scatter_elements<F>(got.data(), data.data(), indices.data(), updates.data(), outer, axis, count, inner, Sizes<3>{{step[0], step[1], step[2]}})),
      Fault::none);
  EXPECT_EQ(got, want) << outer << ' ' << axis << ' ' << count << ' ' << inner;
  std::vector<float> in_place = data;
  EXPECT_EQ((cpu::scatter_elements<F>(in_place.data(), in_place.data(), indices.data(), updates.data(), outer, axis, count, inner,
                                      Sizes<3>{{step[0], step[1], step[2]}})),
            Fault::none);
  EXPECT_EQ(in_place, want);
}

TEST(Scatter, ElementsJoinInTheOrderOfTheDefinition) {
  for (const bool whole_rows : {true, false})
    for (const std::size_t inner : {1u, 3u, 16u, 33u, 128u}) {
      elements<functors::add>(1, 7, 40, inner, whole_rows);
      elements<functors::second>(2, 5, 9, inner, whole_rows);
      elements<functors::max>(3, 4, 11, inner, whole_rows);
      elements<functors::mul>(1, 3, 0, inner, whole_rows);
    }
}

template <class F>
void tuples(std::size_t count, std::size_t inner) {
  const Sizes<8> sizes{{1, 1, 1, 1, 1, 1, 5, 7}};
  const std::vector<float> data = cancelling(35 * inner, 4), updates = cancelling(count * inner, 5);
  const Indices indices = indices_below(2 * count, 5, 6);
  std::vector<float> want(data.size()), got(data.size()), rows_only(data.size());
  EXPECT_EQ((ref::scatter_nd<F, float>(want.data(), data.data(), indices.data(), updates.data(), data.size(), count, 2, inner, sizes)), Fault::none);
  EXPECT_EQ((cpu::scatter_nd<F>(got.data(), data.data(), indices.data(), updates.data(), data.size(), count, 2, inner, sizes)), Fault::none);
  EXPECT_EQ(got, want) << count << ' ' << inner;
  Indices rows(count);
  for (std::size_t m = 0; m < count; ++m) rows[m] = ref::locate(indices.data() + 2 * m, 2, sizes);
  cpu::scatter_rows<F>(rows_only.data(), data.data(), rows.data(), updates.data(), data.size(), count, inner);
  EXPECT_EQ(rows_only, want);
  std::vector<float> picked(count * inner), expected(picked.size());
  EXPECT_EQ((ref::gather_nd(expected.data(), data.data(), indices.data(), std::size_t{1}, count, std::size_t{2}, inner, sizes)), Fault::none);
  EXPECT_EQ((cpu::gather_nd(picked.data(), data.data(), indices.data(), std::size_t{1}, count, std::size_t{2}, inner, sizes)), Fault::none);
  EXPECT_EQ(picked, expected);
}

TEST(Scatter, SlicesAtIndexTuples) {
  for (const std::size_t inner : {1u, 4u, 17u, 200u})
    for (const std::size_t count : {0u, 1u, 30u})
      tuples<functors::second>(count, inner), tuples<functors::add>(count, inner), tuples<functors::min>(count, inner);
}

TEST(Scatter, ABadIndexLeavesTheOutputAlone) {
  const std::vector<float> data(6, 1.0f), updates(2, 2.0f);
  std::vector<float> out(6, -7.0f);
  const Sizes<8> sizes{{1, 1, 1, 1, 1, 1, 1, 6}};
  for (const std::int64_t bad : {std::int64_t{6}, std::int64_t{-7}, INT64_MIN, INT64_MAX}) {
    const Indices indices{0, bad};
    EXPECT_EQ((cpu::scatter_nd<functors::second>(out.data(), data.data(), indices.data(), updates.data(), 6, 2, 1, 1, sizes)), Fault::index_out_of_range);
    EXPECT_EQ((cpu::scatter_elements<functors::add>(out.data(), data.data(), indices.data(), updates.data(), 1, 6, 2, 1, Sizes<3>{{2, 1, 0}})),
              Fault::index_out_of_range);
    EXPECT_EQ((cpu::gather_nd(out.data(), data.data(), indices.data(), std::size_t{1}, std::size_t{2}, std::size_t{1}, std::size_t{1}, sizes)),
              Fault::index_out_of_range);
  }
  EXPECT_EQ(out, std::vector<float>(6, -7.0f));
}

}  // namespace
}  // namespace inferc
