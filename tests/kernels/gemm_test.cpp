#include "kernels/cpu/gemm_strided.hpp"

#include "kernels/cpu/gemm_bf16.hpp"

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/convert.hpp"
#include "kernels/cpu/pack.hpp"

namespace inferc {
namespace {

struct Data {
  std::vector<float> a, b, packed, bias;
  std::size_t m, k, n;
  Data(std::size_t m_, std::size_t k_, std::size_t n_) : a(m_ * k_), b(k_ * n_), packed(cpu::packed_size(k_, n_)), bias(n_), m(m_), k(k_), n(n_) {
    std::mt19937 random(static_cast<unsigned>(m * 31 + k * 7 + n));
    std::uniform_real_distribution<float> draw(-1, 1);
    for (float& x : a) x = draw(random) * (random() % 16 == 0 ? 1e6f : 1.0f);  // cancelling terms show the order
    for (float& x : b) x = draw(random);
    for (float& x : bias) x = draw(random);
    cpu::pack_panels(packed.data(), b.data(), k, n, n, std::size_t{1});
  }
  // The contract, term by term.
  float expected(std::size_t i, std::size_t j) const {
    const std::size_t terms = n < 64 ? 16 : 64;
    float total = 0;
    for (std::size_t at = 0; at < k || at == 0; at += terms) {
      float block = 0;
      for (std::size_t p = at; p < k && p < at + terms; ++p) block = std::fma(a[i * k + p], b[p * n + j], block);
      total = at == 0 ? block : total + block;
    }
    return total + bias[j];
  }
};

struct AddRow {
  template <class V>
  static V apply(V acc, V bias) {
    return acc + bias;
  }
};

// Tiles whose sums no registers hold are nobody's, and take long to compile.
template <int MR, int Panels>
constexpr bool fits = MR * Panels * 16 / lanes <= vector_registers;
constexpr int narrow_rows = fits<6, 1> ? 6 : 3;

template <int MR, int Panels>
void check(const Data& d) {
  const std::size_t ldc = d.n + 3;
  std::vector<float> c(d.m * ldc, -7.0f);
  cpu::gemm<MR, Panels>(Range{std::size_t{0}, d.m}, c.data(), ldc, d.a.data(), d.k, d.packed.data(), d.n, d.k, cpu::epilogue<AddRow>(cpu::Row{d.bias.data()}));
  for (std::size_t i = 0; i < d.m; ++i)
    for (std::size_t j = 0; j < ldc; ++j)
      ASSERT_EQ(c[i * ldc + j], j < d.n ? d.expected(i, j) : -7.0f) << d.m << 'x' << d.k << 'x' << d.n << " at " << i << ',' << j;
}

// The left operand with `stride` elements between rows and `step` between terms.
void check_stepped(const Data& d, std::size_t stride, std::size_t step) {
  std::vector<float> a(d.m == 0 || d.k == 0 ? 0 : (d.m - 1) * stride + (d.k - 1) * step + 1, -1e30f), c(d.m * d.n, -7.0f);
  for (std::size_t i = 0; i < d.m; ++i)
    for (std::size_t p = 0; p < d.k; ++p) a[i * stride + p * step] = d.a[i * d.k + p];
  const cpu::Strided<const float, 2, cpu::Step::any> left{a.data(), {static_cast<std::ptrdiff_t>(stride), static_cast<std::ptrdiff_t>(step)}};
  cpu::gemm(Range{std::size_t{0}, d.m}, c.data(), d.n, left, d.packed.data(), d.n, d.k, cpu::epilogue<AddRow>(cpu::Row{d.bias.data()}));
  for (std::size_t i = 0; i < d.m; ++i)
    for (std::size_t j = 0; j < d.n; ++j) ASSERT_EQ(c[i * d.n + j], d.expected(i, j)) << d.m << 'x' << d.k << 'x' << d.n << " at " << i << ',' << j;
}

TEST(Gemm, ReadsStructuresOfArraysInTheSameOrder) {
  for (const std::size_t m : {1u, 2u, 3u, 5u, 8u, 13u, 25u})
    for (const std::size_t n : {1u, 5u, 16u, 31u, 70u})
      for (const std::size_t k : {1u, 16u, 17u, 100u}) {
        const Data d(m, k, n);
        check_stepped(d, 1, m + 3);
        check_stepped(d, k + 2, 1);
        check_stepped(d, 2, 2 * m);
      }
}

// The same with b in bfloat16: the bits of the product with its values in float32.
template <int MR, int Panels>
void check_bf16(const Data& d) {
  std::vector<std::uint16_t> halves(d.packed.size());
  std::vector<float> widened(d.packed.size()), c(d.m * d.n, -7.0f), wanted(d.m * d.n);
  for (std::size_t i = 0; i < halves.size(); ++i) {
    halves[i] = formats::from_float<formats::bfloat16>(i % 5 == 0 ? d.packed[i] * 1e-39f : d.packed[i]);
    widened[i] = formats::to_float<formats::bfloat16>(halves[i]);
  }
  const Range rows{std::size_t{0}, d.m};
  cpu::gemm<MR, Panels>(rows, wanted.data(), d.n, d.a.data(), d.k, widened.data(), d.n, d.k, cpu::epilogue<AddRow>(cpu::Row{d.bias.data()}));
  cpu::gemm<MR, Panels>(rows, c.data(), d.n, d.a.data(), d.k, halves.data(), d.n, d.k, cpu::epilogue<AddRow>(cpu::Row{d.bias.data()}));
  ASSERT_EQ(std::memcmp(c.data(), wanted.data(), 4 * c.size()), 0) << d.m << 'x' << d.k << 'x' << d.n;
}

TEST(Gemm, WeightsInBfloat16GiveTheBitsOfTheirValues) {
  for (const std::size_t m : {1u, 2u, 3u, 5u, 8u, 13u, 25u})
    for (const std::size_t n : {1u, 5u, 12u, 16u, 31u, 70u, 130u})
      for (const std::size_t k : {1u, 16u, 17u, 100u, 300u}) {
        check_bf16<cpu::tile_rows, cpu::tile_panels>(Data(m, k, n));
        check_bf16<narrow_rows, 1>(Data(m, k, n));
      }
}

TEST(Gemm, FollowsTheOrderOfTheContractForAnyShapeAndTile) {
  for (std::size_t m = 1; m <= 67; ++m) check<cpu::tile_rows, cpu::tile_panels>(Data(m, 40, 20));
  for (const std::size_t n : {1u, 3u, 4u, 5u, 8u, 9u, 16u, 17u, 31u, 33u, 48u, 63u, 64u, 65u, 100u})
    for (const std::size_t k : {0u, 1u, 15u, 16u, 17u, 64u, 100u, 256u, 300u, 600u}) {
      check<cpu::tile_rows, cpu::tile_panels>(Data(9, k, n));
      check<cpu::tall_rows, cpu::tile_panels>(Data(33, k, n));
      check<1, 1>(Data(3, k, n));
      check<narrow_rows, 1>(Data(13, k, n));
    }
}

// Whatever the tile, whole or cut off at the end of the rows: the bits of the contract.
template <int MR, int Panels>
void sweep_rows() {
  if constexpr (fits<MR, Panels>)
    for (std::size_t m = 1; m <= 67; ++m) check<MR, Panels>(Data(m, 40, 20)), check<MR, Panels>(Data(m, 19, 69));
}
TEST(Gemm, EveryTileGivesTheSameBitsForOneTo67Rows) {
  sweep_rows<1, 1>(), sweep_rows<1, 2>(), sweep_rows<2, 1>(), sweep_rows<2, 4>(), sweep_rows<3, 1>(), sweep_rows<4, 1>(), sweep_rows<4, 2>();
  sweep_rows<5, 1>(), sweep_rows<6, 1>(), sweep_rows<8, 1>(), sweep_rows<8, 2>(), sweep_rows<12, 2>();
}

// N columns, the number of rows a constant and not one.
template <std::size_t N, std::size_t... M>
void constant_columns(std::index_sequence<M...>) {
  const auto one = []<std::size_t Rows>(dim<Rows>) {
    const Data d(Rows, 100, N);
    std::vector<float> c(Rows * N), same(Rows * N);
    const auto epilogue = cpu::epilogue<AddRow>(cpu::Row{d.bias.data()});
    cpu::gemm(Range{dim<0>{}, dim<Rows>{}}, c.data(), dim<N>{}, d.a.data(), dim<100>{}, d.packed.data(), dim<N>{}, dim<100>{}, epilogue);
    cpu::gemm(Range{std::size_t{0}, Rows}, same.data(), dim<N>{}, d.a.data(), dim<100>{}, d.packed.data(), dim<N>{}, dim<100>{}, epilogue);
    for (std::size_t i = 0; i < Rows * N; ++i) {
      ASSERT_EQ(c[i], d.expected(i / N, i % N)) << Rows << " rows at " << i;
      ASSERT_EQ(same[i], c[i]) << Rows << " rows at " << i;
    }
  };
  (one(dim<M + 1>{}), ...);
}
TEST(Gemm, ConstantRowsGiveTheSameBits) { constant_columns<20>(std::make_index_sequence<19>{}); }
// Tiles as high as their number makes them, of one block and of several.
TEST(Gemm, ManyConstantRowsGiveTheSameBits) { constant_columns<40>(std::index_sequence<24, 39, 55, 66, 94, 95, 96, 109, 149, 199>{}); }
TEST(Gemm, FewRowsInOneWideTileGiveTheSameBits) { constant_columns<64>(std::make_index_sequence<8>{}), constant_columns<100>(std::make_index_sequence<6>{}); }

struct LongAddRow : AddRow {
  static constexpr bool is_long = true;
};
// Sizes of a last tile of rows and of a last panel, and the result in place of an operand of the epilogue.
TEST(Gemm, ALongEpilogueGivesTheSameBits) {
  for (const std::size_t m : {1u, 2u, 3u, 5u, 6u, 8u, 13u, 25u})
    for (const std::size_t n : {5u, 16u, 32u, 64u, 70u}) {
      const Data d(m, 19, n);
      std::vector<float> c(m * n, 0.5f), wanted = c;
      const auto run = [&]<class F>(F, std::vector<float>& to) {
        cpu::gemm(Range{std::size_t{0}, m}, to.data(), n, d.a.data(), d.k, d.packed.data(), n, d.k, cpu::epilogue<F>(cpu::Full{to.data(), n}));
      };
      run(AddRow{}, wanted), run(LongAddRow{}, c);
      ASSERT_EQ(std::memcmp(c.data(), wanted.data(), 4 * c.size()), 0) << m << 'x' << n;
    }
}

TEST(Gemm, StaticSizesGiveTheSameBits) {
  const Data d(1, 64, 32);
  float c[32];
  cpu::gemm(Range{dim<0>{}, dim<1>{}}, c, dim<32>{}, d.a.data(), dim<64>{}, d.packed.data(), dim<32>{}, dim<64>{},
            cpu::epilogue<AddRow>(cpu::Row{d.bias.data()}));
  for (std::size_t j = 0; j < 32; ++j) EXPECT_EQ(c[j], d.expected(0, j));
}

// What is known when templates are chosen leaves tiles, blocks and columns out: every way that a size can end.
template <std::size_t K, std::size_t N, int MR = cpu::tile_rows, int Panels = cpu::tile_panels>
void known_sizes() {
  for (const std::size_t m : {1u, 2u, 3u, 9u, 13u}) {
    const Data d(m, K, N);
    std::vector<float> c(m * (N + 1), -7.0f);
    cpu::gemm<MR, Panels>(Range{std::size_t{0}, m}, c.data(), dim<N + 1>{}, d.a.data(), dim<K>{}, d.packed.data(), dim<N>{}, dim<K>{},
                          cpu::epilogue<AddRow>(cpu::Row{d.bias.data()}));
    for (std::size_t i = 0; i < m; ++i)
      for (std::size_t j = 0; j <= N; ++j)
        ASSERT_EQ(c[i * (N + 1) + j], j < N ? d.expected(i, j) : -7.0f) << m << 'x' << K << 'x' << N << " at " << i << ',' << j;
  }
}
template <std::size_t... N>
void known_columns(std::index_sequence<N...>) {
  (known_sizes<17, N>(), ...);
}
template <std::size_t... K>
void known_terms(std::index_sequence<K...>) {
  (known_sizes<K, 20>(), ...);
}
TEST(Gemm, AnyKnownNumberOfColumnsGivesTheSameBits) { known_columns(std::index_sequence<4, 8, 13, 24, 48, 70>{}); }
TEST(Gemm, KnownColumnsByWiderTilesGiveTheSameBits) { known_sizes<17, 24, 4, 2>(), known_sizes<64, 70, 4, 2>(), known_sizes<33, 100, 2, 4>(); }
TEST(Gemm, AnyKnownNumberOfTermsGivesTheSameBits) { known_terms(std::index_sequence<4, 32, 48, 112>{}); }

// Products below the smallest number, all negative, sum to -0; no terms at all to +0: in any tile.
template <class K>
void signs_of_zero(K k, float expected) {
  for (const std::size_t n : {20u, 70u})
    for (const std::size_t m : {1u, 2u, 9u}) {
      const std::vector<float> a(m * k, -1e-30f), b(k * n, 1e-30f), bias(n, -0.0f);
      std::vector<float> packed(cpu::packed_size(k, n)), c(m * n, 1.0f);
      cpu::pack_panels(packed.data(), b.data(), std::size_t{k}, n, n, std::size_t{1});
      cpu::gemm(Range{std::size_t{0}, m}, c.data(), n, a.data(), k, packed.data(), n, k, cpu::epilogue<AddRow>(cpu::Row{bias.data()}));
      for (const float x : c) ASSERT_EQ(std::signbit(x), std::signbit(expected)) << m << 'x' << k << 'x' << n;
    }
}
TEST(Gemm, KeepsTheSignOfZero) {
  signs_of_zero(std::size_t{0}, 0.0f), signs_of_zero(std::size_t{9}, -0.0f), signs_of_zero(std::size_t{40}, -0.0f), signs_of_zero(std::size_t{300}, -0.0f);
  signs_of_zero(dim<0>{}, 0.0f), signs_of_zero(dim<9>{}, -0.0f), signs_of_zero(dim<40>{}, -0.0f), signs_of_zero(dim<300>{}, -0.0f);
}

TEST(Gemm, RangesOfRowsTouchNothingElse) {
  const Data d(20, 33, 70);
  std::vector<float> c(20 * 70, -7.0f);
  cpu::gemm(Range{std::size_t{5}, std::size_t{12}}, c.data(), d.n, d.a.data(), d.k, d.packed.data(), d.n, d.k, cpu::epilogue<AddRow>(cpu::Row{d.bias.data()}));
  for (std::size_t i = 0; i < 20; ++i)
    for (std::size_t j = 0; j < 70; ++j) ASSERT_EQ(c[i * 70 + j], i >= 5 && i < 12 ? d.expected(i, j) : -7.0f);
}

struct Join {
  template <class V>
  static V apply(V acc, V row, V scalar, V col, V full) {
    return (acc + row) * scalar + col * full;
  }
};

// One column, which goes down the rows: every operand of an epilogue, whole groups of rows and others, blocks and their tails.
template <class N, class LDC>
void check_column(std::size_t m, std::size_t k, N n, LDC ldc) {
  const Data d(m, k, 1);
  const Data more(m, 3, 1);  // two operands that go from row to row
  const float scalar = 0.75f;
  std::vector<float> c(m * ldc, -7.0f);
  cpu::gemm(Range{std::size_t{0}, m}, c.data(), ldc, d.a.data(), k, d.packed.data(), n, k,
            cpu::epilogue<Join>(cpu::Row{d.bias.data()}, cpu::Scalar{&scalar}, cpu::Col{more.a.data(), 3}, cpu::Full{more.a.data() + 1, 3}));
  for (std::size_t i = 0; i < m * ldc; ++i) {
    const std::size_t r = i / ldc;
    const float want = d.expected(r, 0) * scalar + more.a[3 * r] * more.a[3 * r + 1];
    ASSERT_EQ(c[i], i % ldc == 0 ? want : -7.0f) << m << 'x' << k << " at " << i;
  }
}

TEST(Gemm, OneColumnGoesDownTheRows) {
  for (const std::size_t m : {1U, 7U, 8U, 15U, 16U, 17U, 31U, 32U, 33U, 100U})
    for (const std::size_t k : {0U, 1U, 5U, 8U, 9U, 16U, 17U, 31U, 48U, 100U}) {
      check_column(m, k, dim<1>{}, dim<1>{});
      check_column(m, k, std::size_t{1}, std::size_t{3});
    }
}

}  // namespace
}  // namespace inferc
