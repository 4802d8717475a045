#include "kernels/cpu/copy.hpp"

#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/ref/copy.hpp"
#include "kernels/ref/gather.hpp"

namespace inferc {
namespace {

using cpu::Step;
using cpu::Strided;

template <class T>
std::vector<T> numbers(std::size_t n) {
  std::vector<T> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<T>(i * 2654435761u >> 3);
  return x;
}

template <class T, Step S>
void check(std::size_t a, std::size_t b, std::size_t n, std::ptrdiff_t s0, std::ptrdiff_t s1, std::ptrdiff_t s2) {
  const auto from = numbers<T>(5000);
  const std::size_t pitch = n + 3;
  std::vector<T> out(a * b * pitch + 40, T{7}), expected = out;
  const auto p = static_cast<std::ptrdiff_t>(pitch), q = static_cast<std::ptrdiff_t>(b) * p;
  ref::copy<T, 3>({expected.data(), {a, b, n}, {q, p, 1}}, {from.data(), {a, b, n}, {s0, s1, s2}});
  for (const Range<std::size_t, std::size_t> part : {Range{std::size_t{0}, a / 2}, Range{a / 2, a}})
    cpu::copy(part, Sizes<1>{{static_cast<std::int64_t>(b)}}, n, Strided<T, 3, Step::unit>{out.data(), {q, p, 1}},
              Strided<const T, 3, S>{from.data(), {s0, s1, s2}});
  EXPECT_EQ(out, expected) << sizeof(T) << ' ' << a << ' ' << b << ' ' << n;
}

template <class T>
void check_all() {
  for (const std::size_t n : {0u, 1u, 3u, 15u, 16u, 17u, 33u, 100u}) {
    check<T, Step::unit>(2, 3, n, 1000, 200, 1);
    check<T, Step::splat>(2, 3, n, 1000, 200, 0);
    check<T, Step::any>(2, 3, n, 1000, 300, 2);
    for (const std::size_t rows : {1u, 3u, 16u, 17u, 35u}) check<T, Step::any>(2, rows, n, 17, 1, 40);
  }
}

TEST(Copy, StridesTransposesAndBroadcastsOfAnyWidth) {
  check_all<std::uint8_t>();
  check_all<std::uint16_t>();
  check_all<std::uint32_t>();
  check_all<std::uint64_t>();
}

TEST(Gather, RowsEqualTheDefinition) {
  for (const std::size_t inner : {1u, 3u, 4u, 15u, 64u, 100u}) {
    const std::size_t outer = 2, axis = 9, count = 30;
    const auto data = numbers<std::uint32_t>(outer * axis * inner);
    std::vector<std::int64_t> indices(count);
    for (std::size_t m = 0; m < count; ++m) indices[m] = static_cast<std::int64_t>(m * 7 % 18) - 9;
    std::vector<std::uint32_t> out(outer * count * inner + 8, 7u), expected = out;
    EXPECT_EQ(cpu::gather(out.data(), data.data(), indices.data(), outer, axis, inner, count), Fault::none);
    ref::gather(expected.data(), data.data(), indices.data(), outer, axis, inner, count);
    EXPECT_EQ(out, expected);
    indices[5] = 9;
    EXPECT_EQ(cpu::gather(out.data(), data.data(), indices.data(), outer, axis, inner, count), Fault::index_out_of_range);
    EXPECT_EQ(out, expected);
  }
}

TEST(Copy, MovesBools) {
  const bool from[40] = {true, false, true};
  bool to[40] = {};
  cpu::copy_detail::row(to, from, 40);
  for (std::size_t i = 0; i < 40; ++i) EXPECT_EQ(to[i], from[i]);
}

}  // namespace
}  // namespace inferc
