#include "kernels/cpu/quantized/linear.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/cpu/quantized/blocks.hpp"
#include "kernels/cpu/quantized/map.hpp"
#include "kernels/cpu/quantized/pack.hpp"
#include "kernels/cpu/quantized/patches.hpp"
#include "kernels/cpu/quantized/sparse.hpp"
#include "kernels/ref/fixed.hpp"

namespace inferc {
namespace {

namespace q = cpu::quantized;
using fixed::Round;

// --- the definition of a rounding, by exact division
std::int64_t rounded(Round mode, std::int64_t v, int d) {
  const std::int64_t unit = std::int64_t{1} << d, floor = v >= 0 ? v / unit : -((-v + unit - 1) / unit), twice = 2 * (v - floor * unit);
  const bool tie = twice == unit, up = twice > unit;
  switch (mode) {
    case Round::trn:
      return floor;
    case Round::trn_zero:
      return v / unit;
    case Round::rnd:
      return floor + (up || tie);
    case Round::rnd_min_inf:
      return floor + up;
    case Round::rnd_conv:
      return floor + (up || (tie && floor % 2 != 0));
    case Round::rnd_zero:
      return floor + (up || (tie && v < 0));
    case Round::rnd_inf:
      return floor + (up || (tie && v > 0));
  }
  return 0;
}

template <Round mode, class V>
void check_rounding() {
  for (int d = 1; d < 9; ++d)
    for (std::int32_t v = -1100; v < 1100; ++v) {
      ASSERT_EQ((fixed::shift_right<mode, std::int64_t>(v, d)), rounded(mode, v, d)) << v << " / 2^" << d;
      ASSERT_EQ((fixed::shift_right<mode, V>(v - V{}, d - V{})[0]), rounded(mode, v, d)) << v << " / 2^" << d;
    }
}
template <class V>
void check_all_roundings() {
  check_rounding<Round::trn, V>(), check_rounding<Round::rnd, V>(), check_rounding<Round::rnd_conv, V>(), check_rounding<Round::rnd_min_inf, V>();
  check_rounding<Round::rnd_zero, V>(), check_rounding<Round::rnd_inf, V>(), check_rounding<Round::trn_zero, V>();
}
TEST(Fixed, EveryRoundingIsThatOfTheExactQuotient) {
  check_all_roundings<I32<lanes>>();
  check_all_roundings<VectorOf<std::int64_t, lanes / 2>::type>();
}

TEST(Fixed, WrapKeepsTheValueModuloTheRange) {
  for (std::int64_t v = -300; v < 300; ++v) {
    const std::int64_t w = fixed::wrap<std::int64_t>(v, -16, 31);
    ASSERT_TRUE(w >= -16 && w < 16 && (w - v) % 32 == 0) << v;
  }
}

// --- products
template <class Kind, class X>
struct Product {
  std::size_t m, k, n, ldx, columns;
  std::vector<X> x;
  std::vector<std::int64_t> w;
  std::vector<typename Kind::Weight> packed;
  std::vector<typename Kind::Sum> table;  // rows: bias, shift, high

  Product(std::size_t m_, std::size_t k_, std::size_t n_, std::int64_t low, std::int64_t high, std::int64_t most_weight)
      : m(m_),
        k(k_),
        n(n_),
        ldx(k_ + 3),
        columns((n_ + 15) / 16 * 16),
        x(m_ * ldx),
        w(k_ * n_),
        packed(Kind::packs_two ? q::packed_nibbles_size(k_, n_) : q::packed_size(k_, n_, Kind::group)),
        table(3 * columns) {
    std::mt19937_64 random(m * 31 + k * 7 + n);
    const auto draw = [&](std::int64_t a, std::int64_t b) { return std::uniform_int_distribution<std::int64_t>(a, b)(random); };
    const auto extreme = [&](std::int64_t a, std::int64_t b) { return random() % 4 == 0 ? (random() % 2 ? a : b) : draw(a, b); };
    for (X& v : x) v = static_cast<X>(extreme(low, high));
    for (std::int64_t& v : w) v = random() % 3 == 0 ? 0 : extreme(-most_weight, std::min<std::int64_t>(most_weight, most()));
    if constexpr (Kind::packs_two) q::pack_nibbles(packed.data(), w.data(), k, n);
    else q::pack_groups(packed.data(), w.data(), k, n, Kind::group, n, std::size_t{1});
    for (std::size_t j = 0; j < n; ++j) {
      std::int64_t sum = 0;
      for (std::size_t p = 0; p < k; ++p) sum += w[p * n + j];
      table[j] = static_cast<typename Kind::Sum>(draw(-9999, 9999) - offset() * sum);
      table[columns + j] = static_cast<typename Kind::Sum>(draw(1, 9));
      table[2 * columns + j] = static_cast<typename Kind::Sum>(draw(1, 100));
    }
  }
  static constexpr std::int64_t most() { return Kind::packs_two ? 7 : limits::highest<typename Kind::Weight>; }
  // What the kernel adds to each element of x.
  static constexpr std::int64_t offset() {
    return Kind::group == 4 && std::is_signed_v<X> ? 128 : Kind::group == 2 && std::is_same_v<X, std::uint16_t> ? -32768 : 0;
  }
  std::int64_t sum(std::size_t i, std::size_t j) const {
    std::int64_t out = table[j];
    for (std::size_t p = 0; p < k; ++p) out += (static_cast<std::int64_t>(x[i * ldx + p]) + offset()) * w[p * n + j];
    return out;
  }
};

using Biased = q::Add<q::Row<0>>;

// Rounded by a shift for each column, within 0 and a limit for each column, as uint8.
template <class Kind, class X>
void check_quantised(const Product<Kind, X>& p) {
  using S = q::Steps<Biased, q::ShiftRight<Round::rnd, q::Row<1>>, q::AtLeast<q::Is<0>>, q::AtMost<q::Row<2>>>;
  const std::size_t ldy = p.n + 3;
  std::vector<std::uint8_t> y(p.m * ldy, 77);
  q::linear<Kind, S, q::To<std::uint8_t>>(Range{std::size_t{0}, p.m}, y.data(), ldy, p.x.data(), p.ldx, p.packed.data(), p.table.data(), p.n, p.k);
  for (std::size_t i = 0; i < p.m; ++i)
    for (std::size_t j = 0; j < ldy; ++j) {
      std::int64_t e = 77;
      if (j < p.n)
        e = std::min<std::int64_t>(std::max<std::int64_t>(rounded(Round::rnd, p.sum(i, j), static_cast<int>(p.table[p.columns + j])), 0),
                                   p.table[2 * p.columns + j]);
      ASSERT_EQ(y[i * ldy + j], e) << p.m << 'x' << p.k << 'x' << p.n << " at " << i << ',' << j;
    }
}
// The sum itself.
template <class Kind, class X>
void check_sums(const Product<Kind, X>& p) {
  std::vector<std::int32_t> y(p.m * p.n);
  q::linear<Kind, q::Steps<Biased>, q::To<std::int32_t>>(Range{std::size_t{0}, p.m}, y.data(), p.n, p.x.data(), p.ldx, p.packed.data(), p.table.data(), p.n,
                                                         p.k);
  for (std::size_t i = 0; i < p.m; ++i)
    for (std::size_t j = 0; j < p.n; ++j)
      ASSERT_EQ(y[i * p.n + j], static_cast<std::int32_t>(p.sum(i, j))) << p.m << 'x' << p.k << 'x' << p.n << " at " << i << ',' << j;
}
template <class Kind, class X>
void check_floats(const Product<Kind, X>& p) {
  std::vector<float> y(p.m * p.n);
  q::linear<Kind, q::Steps<Biased>, q::ToFloat<7>>(Range{std::size_t{0}, p.m}, y.data(), p.n, p.x.data(), p.ldx, p.packed.data(), p.table.data(), p.n, p.k);
  for (std::size_t i = 0; i < p.m; ++i)
    for (std::size_t j = 0; j < p.n; ++j) ASSERT_EQ(y[i * p.n + j], static_cast<float>(p.sum(i, j)) / 128) << i << ',' << j;
}

// `floats`: sums as float, too; how they become one depends on the type of the sum alone.
template <class Kind, class X, bool floats = false>
void check_shapes(std::int64_t low, std::int64_t high, std::int64_t most_weight) {
  const auto one = [&](std::size_t m, std::size_t k, std::size_t n) {
    const Product<Kind, X> p(m, k, n, low, high, most_weight);
    check_quantised(p);
    check_sums(p);
    if constexpr (floats) check_floats(p);
  };
  for (std::size_t m = 0; m <= 35; ++m) one(m, 21, 20);
  one(99, 5, 17), one(200, 8, 33);
  for (const std::size_t n : {1u, 3u, 4u, 5u, 8u, 9u, 15u, 16u, 17u, 31u, 33u, 48u, 63u, 64u, 65u, 127u, 130u})
    for (const std::size_t k : {0u, 1u, 2u, 3u, 4u, 5u, 7u, 15u, 16u, 17u, 31u, 64u}) one(1, k, n), one(3, k, n), one(9, k, n);
}

TEST(QuantizedLinear, UnsignedBytesThatFitInPairs) { check_shapes<q::Bytes<1>, std::uint8_t, true>(0, 127, 128); }
TEST(QuantizedLinear, UnsignedBytesOfWhichTwoGroupsFit) { check_shapes<q::Bytes<2>, std::uint8_t>(0, 127, 64); }
TEST(QuantizedLinear, SignedBytesOfWhichTwoGroupsFit) { check_shapes<q::Bytes<2>, std::int8_t>(-128, 127, 32); }
TEST(QuantizedLinear, UnsignedBytes) { check_shapes<q::Bytes<0>, std::uint8_t>(0, 255, 128); }
TEST(QuantizedLinear, SignedBytesThatFitInPairs) { check_shapes<q::Bytes<1>, std::int8_t>(-128, 127, 64); }
TEST(QuantizedLinear, SignedBytes) { check_shapes<q::Bytes<0>, std::int8_t>(-128, 127, 128); }
TEST(QuantizedLinear, HalvesOfBytes) {
  check_shapes<q::Nibbles<1>, std::uint8_t>(0, 127, 8), check_shapes<q::Nibbles<0>, std::uint8_t>(0, 255, 8),
      check_shapes<q::Nibbles<0>, std::int8_t>(-128, 127, 8);
}
TEST(QuantizedLinear, Words) { check_shapes<q::Words, std::int16_t, true>(-4000, 4000, 4000); }
TEST(QuantizedLinear, WordsTimesUnsignedBytes) { check_shapes<q::Words, std::uint8_t>(0, 255, 32767); }
TEST(QuantizedLinear, WordsTimesSignedBytes) { check_shapes<q::Words, std::int8_t>(-128, 127, 32767); }
TEST(QuantizedLinear, WordsTimesUnsignedWords) { check_shapes<q::Words, std::uint16_t>(0, 65535, 500); }
TEST(QuantizedLinear, SumsOf64Bits) { check_shapes<q::Wide, std::int32_t, true>(-2000, 2000, 1000); }
TEST(QuantizedLinear, SumsOf64BitsOfWords) { check_shapes<q::Wide, std::uint16_t>(0, 65535, 1000); }

TEST(QuantizedLinear, SumsBeyond32BitsAreExact) {
  const Product<q::Wide, std::int32_t> p(5, 70, 19, -2000000000, 2000000000, 50000000);
  std::vector<std::int8_t> y(p.m * p.n);
  using S = q::Steps<Biased, q::ShiftRight<Round::rnd_conv, q::Is<61>>>;
  q::linear<q::Wide, S, q::To<std::int8_t>>(Range{std::size_t{0}, p.m}, y.data(), p.n, p.x.data(), p.ldx, p.packed.data(), p.table.data(), p.n, p.k);
  for (std::size_t i = 0; i < p.m; ++i)
    for (std::size_t j = 0; j < p.n; ++j) ASSERT_EQ(y[i * p.n + j], rounded(Round::rnd_conv, p.sum(i, j), 61));
}

// Weights without zeros: any share of them, blocks that are not whole, panels that are empty.
template <class X, std::size_t K, std::size_t N>
void check_sparse(std::int64_t low, std::int64_t high) {
  for (const unsigned zeros : {0u, 50u, 80u, 97u, 100u}) {
    Product<q::Bytes<0>, X> p(9, K, N, low, high, 128);
    std::mt19937 random(zeros);
    for (std::size_t i = 0; i < p.w.size(); ++i)
      if (random() % 100 < zeros) {
        p.table[i % N] += static_cast<std::int32_t>(p.offset() * p.w[i]);
        p.w[i] = 0;
      }
    q::pack_groups(p.packed.data(), p.w.data(), K, N, 4, N, std::size_t{1});
    std::vector<std::uint16_t> plan;
    std::vector<std::int8_t> steps;
    q::pack_windows(p.w.data(), K, N, plan, steps);
    for (const std::size_t rows : {1u, 3u, 9u}) {
      std::vector<std::int32_t> y(rows * N);
      q::sparse_linear<q::Bytes<0>, q::Steps<Biased>, q::To<std::int32_t>>(Range{std::size_t{0}, rows}, y.data(), dim<N>{}, p.x.data(), dim<K + 3>{},
                                                                           p.packed.data(), p.table.data(), dim<N>{}, dim<K>{}, plan.data(), steps.data());
      for (std::size_t i = 0; i < y.size(); ++i)
        ASSERT_EQ(y[i], static_cast<std::int32_t>(p.sum(i / N, i % N))) << zeros << " % zeros, " << i / N << ',' << i % N;
    }
  }
}
TEST(QuantizedSparse, GivesTheSumsOfAllWeights) {
  check_sparse<std::uint8_t, 64, 32>(0, 255), check_sparse<std::int8_t, 64, 16>(-128, 127), check_sparse<std::uint8_t, 70, 21>(0, 255);
  check_sparse<std::int8_t, 200, 37>(-128, 127), check_sparse<std::int8_t, 5, 3>(-128, 127);
  check_sparse<std::uint8_t, 256, 70>(0, 255), check_sparse<std::int8_t, 65, 100>(-128, 127), check_sparse<std::uint8_t, 129, 128>(0, 255);
  check_sparse<std::uint8_t, 150, 200>(0, 255);
}

// Groups of weights without those that are all zeros: whole blocks of rows and the rows behind them, which take the dense weights or those of
// a few rows.
template <class Kind, class X>
struct Blocks {
  Product<Kind, X> p;
  std::size_t ldx;
  std::vector<X> x;  // rows at a multiple of four
  std::vector<std::uint16_t> plan, windows;
  std::vector<std::int32_t> values;
  std::vector<std::int8_t> steps;
  std::vector<float> scratch;

  Blocks(std::size_t m, std::size_t k, std::size_t n, std::int64_t low, std::int64_t high, std::int64_t most, unsigned zeros)
      : p(m, k, n, low, high, most), ldx(k + 4), x(m * ldx), scratch(q::blocks_scratch(k)) {
    std::mt19937 random(zeros);
    for (std::size_t i = 0; i < k * n; ++i)
      if (random() % 100 < zeros) {
        p.table[i % n] += static_cast<std::int32_t>(p.offset() * p.w[i]);
        p.w[i] = 0;
      }
    q::pack_groups(p.packed.data(), p.w.data(), k, n, 4, n, std::size_t{1});
    std::vector<std::int32_t> words(k / 4 * n);
    q::pack_blocks(
        p.w.data(), k, n, words.data(), [&](std::size_t v) { plan.push_back(static_cast<std::uint16_t>(v)); }, [&](std::int32_t v) { values.push_back(v); });
    q::pack_windows(p.w.data(), k, n, windows, steps);
    for (std::size_t i = 0; i < m; ++i) std::copy_n(p.x.data() + i * p.ldx, k, x.data() + i * ldx);
  }
  template <class S, class Out, class N, class K>
  auto run(N n, K k, bool few) {
    std::vector<typename Out::type> y(p.m * p.n);
    const Range rows{std::size_t{0}, p.m};
    if (few)
      q::blocks_linear<Kind, S, Out>(rows, y.data(), n, x.data(), ldx, p.packed.data(), p.table.data(), n, k, plan.data(), values.data(), scratch.data(),
                                     windows.data(), steps.data());
    else q::blocks_linear<Kind, S, Out>(rows, y.data(), n, x.data(), ldx, p.packed.data(), p.table.data(), n, k, plan.data(), values.data(), scratch.data());
    return y;
  }
  template <class N, class K>
  void check(N n, K k, bool few) {
    using Small = q::Steps<Biased, q::ShiftRight<Round::rnd, q::Row<1>>>;
    const auto sums = run<q::Steps<Biased>, q::To<std::int32_t>>(n, k, few);
    const auto bytes = run<Small, q::Within<std::uint8_t, 3, 90>>(n, k, few);
    for (std::size_t i = 0; i < p.m; ++i)
      for (std::size_t j = 0; j < p.n; ++j) {
        const std::int64_t sum = p.sum(i, j), e = std::clamp<std::int64_t>(rounded(Round::rnd, sum, static_cast<int>(p.table[p.columns + j])), 3, 90);
        ASSERT_EQ(sums[i * p.n + j], static_cast<std::int32_t>(sum)) << p.m << 'x' << p.k << 'x' << p.n << " at " << i << ',' << j;
        ASSERT_EQ(bytes[i * p.n + j], e) << p.m << 'x' << p.k << 'x' << p.n << " at " << i << ',' << j;
      }
  }
};

template <class Kind, class X>
void check_blocks(std::int64_t low, std::int64_t high, std::int64_t most) {
  for (const unsigned zeros : {0u, 80u, 97u, 100u})
    for (const std::size_t m : {1u, 63u, 64u, 150u})
      for (const std::size_t n : {1u, 16u, 37u})
        for (const std::size_t k : {4u, 64u, 200u}) {
          Blocks<Kind, X> b(m, k, n, low, high, most, zeros);
          b.check(n, k, false), b.check(n, k, true);
        }
  Blocks<Kind, X>(130, 128, 64, low, high, most, 93).check(dim<64>{}, dim<128>{}, true);
  Blocks<Kind, X>(70, 4 * q::most_groups, 20, low, high, std::min<std::int64_t>(most, 16), 93).check(dim<20>{}, dim<4 * q::most_groups>{}, false);
}
TEST(QuantizedBlocks, GiveTheSumsOfUnsignedBytes) { check_blocks<q::Bytes<0>, std::uint8_t>(0, 255, 128); }
TEST(QuantizedBlocks, GiveTheSumsOfSignedBytes) { check_blocks<q::Bytes<0>, std::int8_t>(-128, 127, 128); }
TEST(QuantizedBlocks, GiveTheSumsOfBytesThatFitInPairs) {
  check_blocks<q::Bytes<1>, std::uint8_t>(0, 127, 128), check_blocks<q::Bytes<2>, std::int8_t>(-128, 127, 32);
}

// --- one element at a time
template <class X, class Sum, class O>
void check_map() {
  using S = q::Steps<q::ShiftLeft<q::Is<2>>, q::Add<q::Row<0>>, q::ShiftRight<Round::rnd_inf, q::Row<1>>, q::AtLeast<q::Is<-100>>, q::AtMost<q::Is<100>>>;
  const std::vector<std::int64_t> steps{1, 0, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 2, 5, 1, 1, 0, 0, 3, 0, 0, -100, 0, 0, 4, 0, 0, 100, 0, 0};
  for (const std::size_t cols : {1u, 3u, 7u, 8u, 16u, 21u, 40u}) {
    const std::size_t stride = (cols + 15) / 16 * 16, rows = 5;
    std::mt19937 random(static_cast<unsigned>(cols));
    std::vector<Sum> table(2 * stride);
    std::vector<std::int64_t> wide(2 * stride);
    for (std::size_t c = 0; c < cols; ++c) table[c] = static_cast<Sum>(random() % 2000) - 1000, table[stride + c] = static_cast<Sum>(1 + random() % 6);
    for (std::size_t i = 0; i < wide.size(); ++i) wide[i] = table[i];
    std::vector<X> x(rows * cols);
    for (X& v : x) v = static_cast<X>(random());
    std::vector<O> y(rows * cols), e(rows * cols);
    q::map<S, q::To<O>>(Range{std::size_t{0}, rows}, y.data(), x.data(), table.data(), cols);
    ref::fixed_map(e.data(), x.data(), wide.data(), steps.data(), steps.size() / 6, rows, cols, stride, 1.0f);
    ASSERT_EQ(y, e) << cols;
  }
}
TEST(QuantizedMap, IsTheDefinitionForEveryType) {
  check_map<std::uint8_t, std::int32_t, std::int8_t>(), check_map<std::int8_t, std::int32_t, std::int16_t>(),
      check_map<std::int16_t, std::int32_t, std::int32_t>();
  check_map<std::int32_t, std::int64_t, std::int8_t>(), check_map<std::uint8_t, std::int64_t, std::int16_t>();
}

template <Round mode, bool wraps, class O>
void check_to_integer(float scale, float low, float high) {
  std::vector<float> x;
  for (int i = -700; i <= 700; ++i)
    for (const float nudge : {0.0f, 1e-7f, -1e-7f}) x.push_back((static_cast<float>(i) * 0.25f + static_cast<float>(i) * nudge) / scale);
  for (const float v : {1e30f, -1e30f, 3e38f, limits::infinity<float>, -limits::infinity<float>, -0.0f, 1e-40f, 0.49999997f}) x.push_back(v);
  std::vector<O> y(x.size()), e(x.size());
  q::to_integer<mode, wraps, q::Same, q::Same, q::Same>(Range{dim<0>{}, dim<1>{}}, y.data(), x.data(), &scale, &low, &high, x.size());
  ref::fixed_to_integer(e.data(), x.data(), &scale, &low, &high, 0, 0, 0, x.size(), 1, static_cast<std::int64_t>(mode), wraps);
  ASSERT_EQ(y, e) << static_cast<int>(mode);
  for (std::size_t i = 0; i < 4203; ++i) {  // where float is exact, the exact quotient of a finer grid
    const float fine = x[i] * scale * 1048576.0f;
    if (std::abs(fine) > 8e6f || fine != std::floor(fine)) continue;
    std::int64_t r = rounded(mode, static_cast<std::int64_t>(fine), 20);
    if (wraps) r = fixed::wrap<std::int64_t>(r, static_cast<std::int64_t>(low), static_cast<std::int64_t>(high - low));
    ASSERT_EQ(y[i], std::min(std::max(r, static_cast<std::int64_t>(low)), static_cast<std::int64_t>(high))) << x[i];
  }
}
template <bool wraps, class O>
void check_modes(float scale, float low, float high) {
  check_to_integer<Round::trn, wraps, O>(scale, low, high), check_to_integer<Round::rnd, wraps, O>(scale, low, high),
      check_to_integer<Round::rnd_conv, wraps, O>(scale, low, high);
  check_to_integer<Round::rnd_min_inf, wraps, O>(scale, low, high), check_to_integer<Round::rnd_zero, wraps, O>(scale, low, high);
  check_to_integer<Round::rnd_inf, wraps, O>(scale, low, high), check_to_integer<Round::trn_zero, wraps, O>(scale, low, high);
}
TEST(QuantizedMap, TakesFloatsToIntegersByEveryRounding) {
  check_modes<false, std::int8_t>(16, -128, 127), check_modes<false, std::uint8_t>(128, 0, 127);
  check_modes<true, std::int8_t>(8, -16, 15), check_modes<true, std::int16_t>(0.5f, 0, 255);
}
TEST(QuantizedMap, TakesNanToTheLowest) {
  const float nan = limits::infinity<float> - limits::infinity<float>, scale = 4, low = -7, high = 9;
  std::int8_t y = 0;
  q::to_integer<Round::rnd, false, q::Same, q::Same, q::Same>(Range{dim<0>{}, dim<1>{}}, &y, &nan, &scale, &low, &high, dim<1>{});
  EXPECT_EQ(y, -7);
}

// x [2, 3, 1, 6, 5], channels first and last.
TEST(QuantizedPatches, AreTheDefinitionForEveryLayoutAndWindow) {
  std::vector<std::int16_t> first(2 * 3 * 30), last(first.size());
  for (std::size_t i = 0; i < first.size(); ++i) first[i] = static_cast<std::int16_t>(i * 37 % 1009);
  for (std::size_t n = 0; n < 2; ++n)
    for (std::size_t c = 0; c < 3; ++c)
      for (std::size_t p = 0; p < 30; ++p) last[(n * 30 + p) * 3 + c] = first[(n * 3 + c) * 30 + p];
  const View<const std::int16_t, 5> views[] = {{first.data(), {2, 3, 1, 6, 5}, {90, 30, 0, 5, 1}}, {last.data(), {2, 3, 1, 6, 5}, {90, 1, 0, 15, 3}}};
  for (const std::int64_t stride : {1, 2})
    for (const std::int64_t dilation : {1, 2})
      for (const std::int64_t pad : {0, 1, 2}) {
        const std::int64_t h = (6 + 2 * pad - 2 * dilation - 1) / stride + 1, w = (5 + pad - dilation - 1) / stride + 1;
        std::vector<std::int16_t> e(static_cast<std::size_t>(2 * h * w * 6 * 3)), y(e.size());
        ref::fixed_patches<std::int16_t, 2>(e.data(), first.data(), 5 * pad, 2, 3, {6, 5}, {3, 2}, {h, w}, {stride, stride}, {dilation, dilation}, {pad, 0});
        for (const auto& x : views) {
          q::patches(y.data(), x, 5 * pad, Sizes<15>{1, 3, 2, 1, h, w, 1, stride, stride, 1, dilation, dilation, 0, pad, 0});
          ASSERT_EQ(y, e) << stride << ' ' << dilation << ' ' << pad;
        }
      }
}

// The sizes of a network: all known at compile time.
TEST(QuantizedLinear, ConstantSizesGiveTheSame) {
  const Product<q::Bytes<1>, std::uint8_t> p(13, 18, 37, 0, 127, 128);
  std::int16_t y[13 * 37];
  using S = q::Steps<Biased, q::Leaky<q::Is<13>, q::Is<7>>, q::ShiftRight<Round::trn, q::Is<9>>, q::Wrap<q::Is<-64>, q::Is<127>>>;
  q::linear<q::Bytes<1>, S, q::To<std::int16_t>>(Range{dim<0>{}, dim<13>{}}, y, dim<37>{}, p.x.data(), dim<21>{}, p.packed.data(), p.table.data(), dim<37>{},
                                                 dim<18>{});
  for (std::size_t i = 0; i < 13; ++i)
    for (std::size_t j = 0; j < 37; ++j) {
      const std::int64_t v = p.sum(i, j), l = rounded(Round::trn, v < 0 ? v * 13 : v * 128, 9);
      ASSERT_EQ(y[i * 37 + j], ((l + 64) & 127) - 64) << i << ',' << j;
    }
}

// Rows of which several blocks are computed, from one in the middle on; those in front and behind the columns stay.
template <std::size_t K, std::size_t N, class Kind, class X>
void check_short_rows(std::int64_t low, std::int64_t high, std::int64_t most) {
  for (const std::size_t m : {8u, 97u, 203u}) {
    const Product<Kind, X> p(m, K, N, low, high, most);
    std::vector<std::int32_t> y(m * (N + 2), 77);
    q::linear<Kind, q::Steps<Biased>, q::To<std::int32_t>>(Range{std::size_t{3}, m}, y.data(), dim<N + 2>{}, p.x.data(), dim<K + 3>{}, p.packed.data(),
                                                           p.table.data(), dim<N>{}, dim<K>{});
    for (std::size_t i = 0; i < m; ++i)
      for (std::size_t j = 0; j < N + 2; ++j)
        ASSERT_EQ(y[i * (N + 2) + j], i < 3 || j >= N ? 77 : static_cast<std::int32_t>(p.sum(i, j))) << m << 'x' << K << 'x' << N << " at " << i << ',' << j;
  }
}
TEST(QuantizedLinear, ShortRowsOfSignedBytesGiveTheSame) {
  check_short_rows<16, 64, q::Bytes<0>, std::int8_t>(-128, 127, 128), check_short_rows<18, 37, q::Bytes<0>, std::int8_t>(-128, 127, 128);
  check_short_rows<85, 16, q::Bytes<1>, std::int8_t>(-128, 127, 64), check_short_rows<86, 16, q::Bytes<1>, std::int8_t>(-128, 127, 64);
}

}  // namespace
}  // namespace inferc
