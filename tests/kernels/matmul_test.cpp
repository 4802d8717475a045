#include "kernels/cpu/matmul.hpp"

#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/cpu/pack.hpp"
#include "tests/kernels/product.hpp"

namespace inferc {
namespace {

struct AddFull {
  template <class V>
  static V apply(V acc, V x) {
    return acc + x;
  }
};

// Two units of a[m, k] * b[k, n], the second with its own a and the same b.
struct Case {
  std::size_t m, k, n;
  std::vector<float> a, b, residual;
  Case(std::size_t m_, std::size_t k_, std::size_t n_)
      : m(m_), k(k_), n(n_), a(cancelling(2 * m_ * k_, 1)), b(cancelling(k_ * n_, 2)), residual(cancelling(2 * m_ * n_, 3)) {}
  [[nodiscard]] Sizes<4> batch() const { return {{2, static_cast<std::int64_t>(m * (n + 5)), static_cast<std::int64_t>(m * k), 0}}; }
  void expect(const std::vector<float>& c, std::size_t terms) const {
    const std::size_t ldc = n + 5;
    for (std::size_t i = 0; i < 2 * m; ++i)
      for (std::size_t j = 0; j < ldc; ++j) {
        const float product = j < n ? product_in_blocks(k, terms, [&](std::size_t p) { return a[i * k + p]; }, [&](std::size_t p) { return b[p * n + j]; }) : 0;
        ASSERT_EQ(c[i * ldc + j], j < n ? product + residual[i * n + j] : -7.0f) << m << 'x' << k << 'x' << n << " at " << i << ',' << j;
      }
  }
};

template <int MR, int Panels>
void check(const Case& d) {
  const auto epilogue = cpu::epilogue<AddFull>(cpu::Full{d.residual.data(), d.n});
  const std::size_t terms = d.n < 64 ? 16 : 64, ldc = d.n + 5;
  std::vector<float> c(2 * d.m * ldc, -7.0f);
  const Range units{std::size_t{0}, std::size_t{2}};
  cpu::matmul<MR, Panels>(units, c.data(), ldc, d.a.data(), d.k, d.b.data(), d.n, d.m, d.n, d.k, dim<0>{}, d.batch(), epilogue);
  d.expect(c, terms);
  c.assign(c.size(), -7.0f);
  cpu::matmul<MR, Panels>(units, c.data(), ldc, d.a.data(), d.k, d.b.data(), d.n, d.m, d.n, d.k, dim<16>{}, d.batch(), epilogue);
  d.expect(c, 16);

  std::vector<float> columns(d.k * d.n), panels(cpu::packed_size(d.k, d.n));
  for (std::size_t p = 0; p < d.k; ++p)
    for (std::size_t j = 0; j < d.n; ++j) columns[j * d.k + p] = d.b[p * d.n + j];
  c.assign(c.size(), -7.0f);
  cpu::matmul_transposed<MR, Panels>(units, c.data(), ldc, d.a.data(), d.k, columns.data(), d.k, panels.data(), d.m, d.n, d.k, dim<0>{}, d.batch(), epilogue);
  d.expect(c, terms);
}

TEST(Matmul, FollowsTheOrderOfTheContractForAnyShapeAndTile) {
  for (std::size_t m = 0; m <= 67; ++m) check<cpu::tile_rows, cpu::tile_panels>(Case(m, 40, 20));
  for (const std::size_t n : {0u, 1u, 3u, 4u, 5u, 7u, 8u, 9u, 12u, 13u, 15u, 16u, 17u, 31u, 33u, 40u, 63u, 64u, 65u, 100u, 130u})
    for (const std::size_t k : {0u, 1u, 15u, 16u, 17u, 64u, 300u}) {
      check<cpu::tile_rows, cpu::tile_panels>(Case(9, k, n));
      check<2, 2>(Case(3, k, n));
    }
}

TEST(Matmul, StaticSizesGiveTheSameBits) {
  const Case d(5, 32, 40);
  std::vector<float> c(2 * 5 * 45, -7.0f);
  cpu::matmul(Range{dim<0>{}, dim<2>{}}, c.data(), dim<45>{}, d.a.data(), dim<32>{}, d.b.data(), dim<40>{}, dim<5>{}, dim<40>{}, dim<32>{}, dim<0>{}, d.batch(),
              cpu::epilogue<AddFull>(cpu::Full{d.residual.data(), d.n}));
  d.expect(c, 16);
}

}  // namespace
}  // namespace inferc
