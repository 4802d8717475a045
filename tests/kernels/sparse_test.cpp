#include "kernels/cpu/sparse/gemm.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/cpu/pack.hpp"

namespace inferc {
namespace {

struct AddRow {
  template <class V>
  static V apply(V acc, V bias) {
    return acc + bias;
  }
};

constexpr float unit = 0x1p-12f;  // weights are multiples of it

struct Data {
  std::vector<float> a, b, packed, bias, values, scratch;
  std::vector<std::uint16_t> plan;
  std::size_t m, k, n;
  Data(std::size_t m_, std::size_t k_, std::size_t n_, unsigned zeros)
      : a(m_ * k_), b(k_ * n_), packed(cpu::packed_size(k_, n_)), bias(n_), scratch(cpu::sparse::scratch_size(k_, cpu::block_terms(n_))), m(m_), k(k_), n(n_) {
    std::mt19937 random(static_cast<unsigned>(m * 31 + k * 7 + n) + zeros);
    std::uniform_real_distribution<float> draw(-1, 1);
    for (float& x : a) x = random() % 3 == 0 ? 0.0f : draw(random) * (random() % 16 == 0 ? 1e6f : 1.0f);  // cancelling terms show the order
    for (float& x : b) x = random() % 100 < zeros ? (random() % 2 == 0 ? 0.0f : -0.0f) : std::nearbyint(draw(random) / unit) * unit;
    for (float& x : bias) x = draw(random);
    pack();
  }
  void pack() {
    plan.clear();
    values = {0x1p-114f};  // whose unit 2^-137 times that of weights is 2^-149
    cpu::pack_panels(packed.data(), b.data(), k, n, n, std::size_t{1});
    cpu::sparse::pack_runs(
        b.data(), k, n, n, std::size_t{1}, cpu::block_terms(n), [&](std::size_t v) { plan.push_back(static_cast<std::uint16_t>(v)); },
        [&](std::size_t i, std::size_t j) { values.push_back(b[i * n + j]); });
  }
};

template <class N, class K>
void check(Data& d, N n, K k, const char* what) {
  const std::size_t ldc = d.n + 3;
  std::vector<float> dense(d.m * ldc, -7.0f), sparse = dense;
  const auto epilogue = cpu::epilogue<AddRow>(cpu::Row{d.bias.data()});
  cpu::gemm(Range{std::size_t{0}, d.m}, dense.data(), ldc, d.a.data(), d.k, d.packed.data(), n, k, epilogue);
  cpu::sparse::gemm(Range{std::size_t{0}, d.m}, sparse.data(), ldc, d.a.data(), d.k, d.packed.data(), d.plan.data(), d.values.data(), d.scratch.data(), n, k,
                    epilogue);
  for (std::size_t i = 0; i < sparse.size(); ++i) {
    if (std::isnan(dense[i])) ASSERT_TRUE(std::isnan(sparse[i])) << what << ' ' << i / ldc << ',' << i % ldc;
    else ASSERT_EQ(bit_cast<std::uint32_t>(dense[i]), bit_cast<std::uint32_t>(sparse[i])) << what << ' ' << i / ldc << ',' << i % ldc;
  }
}

TEST(Sparse, GivesTheBitsOfTheDenseProduct) {
  for (const unsigned zeros : {0u, 50u, 90u, 97u, 100u})
    for (const std::size_t n : {1u, 15u, 17u, 63u, 64u, 100u})
      for (const std::size_t k : {1u, 16u, 40u, 64u, 200u}) {
        Data d(150, k, n, zeros);
        check(d, n, k, "sizes at run time");
      }
  Data small(130, 64, 32, 90), large(130, 200, 70, 90);
  check(small, dim<32>{}, dim<64>{}, "static"), check(large, dim<70>{}, dim<200>{}, "static");
}

// 0 times these is no 0, or their products with weights may vanish: the block of rows is computed with zeros.
TEST(Sparse, KeepsWhatZeroWeightsMakeOfExtremeInputs) {
  using Limits = std::numeric_limits<float>;
  for (const float extreme :
       {Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN(), Limits::denorm_min(), -Limits::min(), 0x1p-115f, Limits::max(), -0.0f, 0x1p-114f})
    for (const std::size_t at : {0u, 37u, 149u}) {
      Data d(150, 48, 20, 90);
      for (std::size_t k = 0; k < d.k; k += 5) d.a[at * d.k + k] = k % 2 == 0 ? extreme : -extreme;
      for (std::size_t n = 0; n < d.n; ++n) d.bias[n] = n % 2 == 0 ? -0.0f : 0.0f;  // shows the sign of a sum that is 0
      check(d, d.n, d.k, "extreme");
    }
}

// Sums of rows that vanish: a product below 2^-149 would round to -0, and 0 times the next input would make +0 of it.
TEST(Sparse, KeepsTheSignOfSumsThatVanish) {
  Data d(64, 8, 3, 0);
  for (float& v : d.a) v = 1e-43f;
  for (std::size_t i = 0; i < d.b.size(); ++i) d.b[i] = i / d.n == 2 ? -unit : 0.0f;
  for (float& v : d.bias) v = -0.0f;
  d.pack();
  check(d, d.n, d.k, "vanishing");
}

}  // namespace
}  // namespace inferc
