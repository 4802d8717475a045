#pragma once
#include <cstddef>
#include <utility>

#include "kernels/cpu/access.hpp"
#include "kernels/dim.hpp"
#include "kernels/simd.hpp"

// c[M, N] = epilogue(a[M, K] * b[K, N]), b packed in panels of 16 columns (pack.hpp).
//
// Order of summation, the same for any M, tile, code path or thread: contiguous blocks of L terms, each started from
// zero and accumulated in order by fma, block sums added left to right; L = 16 where N < 64, else 256.
namespace inferc::cpu {

constexpr std::size_t block_terms(std::size_t n) { return n < 64 ? 16 : 256; }

namespace gemm_detail {

// Rows x vectors of accumulators. Vector q of a tile lies in panel q * W / 16.
template <class V, int MR, int NV>
struct Tile {
  static constexpr int W = lane_count<V>;
  using Acc = V[MR * NV];

  template <int R, std::size_t... Q>
  [[gnu::always_inline]] static void row(Acc& c, float a, const V (&b)[NV], std::index_sequence<Q...>) {
    const V x = splat<V>(a);
    ((c[R * NV + static_cast<int>(Q)] = fma(x, b[Q], c[R * NV + static_cast<int>(Q)])), ...);
  }
  template <std::size_t... R, std::size_t... Q>
  [[gnu::always_inline]] static void step(Acc& c, const float* a, std::size_t lda, const float* b, std::size_t panel,
                                          std::index_sequence<R...>, std::index_sequence<Q...> q) {
    const V bv[NV] = {load<V>(b + (Q * W / 16) * panel + Q * W % 16)...};
    (row<static_cast<int>(R)>(c, a[R * lda], bv, q), ...);
  }
  template <std::size_t... I>
  [[gnu::always_inline]] static void add(Acc& total, const Acc& c, std::index_sequence<I...>) {
    ((total[I] = total[I] + c[I]), ...);
  }

  // One block of terms, from zero.
  [[gnu::always_inline]] static void block(Acc& c, const float* a, std::size_t lda, const float* b, std::size_t panel,
                                           std::size_t terms) {
    for (int i = 0; i < MR * NV; ++i) c[i] = V{};
#pragma GCC unroll 2
    for (std::size_t k = 0; k < terms; ++k)
      step(c, a + k, lda, b + k * 16, panel, std::make_index_sequence<MR>{}, std::make_index_sequence<NV>{});
  }

  template <class K, class L>
  [[gnu::always_inline]] static void product(Acc& total, const float* a, std::size_t lda, const float* b,
                                             std::size_t panel, K k, L terms) {
    const std::size_t first = k < terms ? std::size_t{k} : std::size_t{terms};
    block(total, a, lda, b, panel, first);
    for (std::size_t at = first; at < k; at += terms) {
      Acc c;
      block(c, a + at, lda, b + at * 16, panel, k - at < terms ? k - at : std::size_t{terms});
      add(total, c, std::make_index_sequence<MR * NV>{});
    }
  }
};

// One row: up to four blocks run as parallel chains and are then added in order.
template <class V, int NV>
struct RowTile {
  static constexpr int W = lane_count<V>;
  using One = Tile<V, 1, NV>;

  template <std::size_t... B>
  [[gnu::always_inline]] static void chains(V (&c)[sizeof...(B)][NV], const float* a, const float* b, std::size_t panel,
                                            std::size_t terms, std::index_sequence<B...>) {
    ((chain_zero(c[B])), ...);
    for (std::size_t k = 0; k < terms; ++k)
      ((One::step(c[B], a + B * terms + k, 0, b + (B * terms + k) * 16, panel, std::index_sequence<0>{},
                  std::make_index_sequence<NV>{})),
       ...);
  }
  [[gnu::always_inline]] static void chain_zero(V (&c)[NV]) {
    for (int q = 0; q < NV; ++q) c[q] = V{};
  }

  template <class K, class L>
  [[gnu::always_inline]] static void product(V (&total)[NV], const float* a, const float* b, std::size_t panel, K k,
                                             L terms) {
    std::size_t at = 0;
    bool started = false;
    for (; at + 4 * terms <= k; at += 4 * terms) {
      V c[4][NV];
      chains(c, a + at, b + at * 16, panel, terms, std::make_index_sequence<4>{});
      for (int q = 0; q < NV; ++q) total[q] = started ? ((total[q] + c[0][q]) + c[1][q]) + c[2][q] + c[3][q]
                                                      : ((c[0][q] + c[1][q]) + c[2][q]) + c[3][q];
      started = true;
    }
    for (; at + 2 * terms <= k; at += 2 * terms) {
      V c[2][NV];
      chains(c, a + at, b + at * 16, panel, terms, std::make_index_sequence<2>{});
      for (int q = 0; q < NV; ++q) total[q] = started ? (total[q] + c[0][q]) + c[1][q] : c[0][q] + c[1][q];
      started = true;
    }
    for (; at < k || !started; at += terms) {
      V c[NV];
      One::block(c, a + at, 0, b + at * 16, panel, k - at < terms ? k - at : std::size_t{terms});
      for (int q = 0; q < NV; ++q) total[q] = started ? total[q] + c[q] : c[q];
      started = true;
    }
  }
};

// Epilogue and store of one row of a tile; `valid` columns from `col` on.
template <class V, int NV, class Epi>
[[gnu::always_inline]] inline void finish(const V* acc, float* c, std::size_t row, std::size_t col, std::size_t valid,
                                          const Epi& epilogue) {
  constexpr std::size_t W = lane_count<V>;
  if (valid >= NV * W) {
    for (std::size_t q = 0; q < NV; ++q) store(c + q * W, epilogue(acc[q], row, col + q * W, Whole{}));
    return;
  }
  for (std::size_t q = 0; q < NV; ++q) {
    if (valid >= (q + 1) * W)
      store(c + q * W, epilogue(acc[q], row, col + q * W, Whole{}));
    else if (valid > q * W)
      store_first(c + q * W, epilogue(acc[q], row, col + q * W, valid - q * W), valid - q * W);
  }
}

template <class LDC, class LDA, class N, class K, class Epi>
struct Problem {
  float* c;
  LDC ldc;
  const float* a;
  LDA lda;
  const float* b;
  N n;
  K k;
  Epi epilogue;

  // MR rows from `row`, NV vectors from column `col`.
  template <class V, int MR, int NV, class L>
  [[gnu::always_inline]] void tile(std::size_t row, std::size_t col, L terms) const {
    V acc[MR * NV] = {};
    const float* panel = b + col * k;
    if constexpr (MR == 1)
      RowTile<V, NV>::product(acc, a + row * lda, panel, 16 * k, k, terms);
    else
      Tile<V, MR, NV>::product(acc, a + row * lda, lda, panel, 16 * k, k, terms);
    for (int r = 0; r < MR; ++r) {
      const std::size_t at = row + static_cast<std::size_t>(r);
      finish<V, NV>(acc + r * NV, c + at * ldc + col, at, col, n - col, epilogue);
    }
  }

  // All rows of one tile column: blocks of MR, then 4, 2, 1.
  template <class V, int MR, int NV, class L>
  [[gnu::always_inline]] void rows(std::size_t begin, std::size_t end, std::size_t col, L terms) const {
    std::size_t row = begin;
    for (; row + MR <= end; row += MR) tile<V, MR, NV>(row, col, terms);
    if constexpr (MR > 4)
      for (; row + 4 <= end; row += 4) tile<V, 4, NV>(row, col, terms);
    if constexpr (MR > 2)
      for (; row + 2 <= end; row += 2) tile<V, 2, NV>(row, col, terms);
    if constexpr (MR > 1)
      for (; row < end; ++row) tile<V, 1, NV>(row, col, terms);
  }

  // The last panel, with the narrowest vectors that hold its `left` columns.
  template <int MR, class L>
  [[gnu::always_inline]] void last_panel(std::size_t begin, std::size_t end, std::size_t col, std::size_t left, L terms) const {
    if (left <= 4)
      rows<F32<4>, MR, 1>(begin, end, col, terms);
    else if (left <= 8)
      rows<F32<(lanes < 8 ? 4 : 8)>, MR, lanes < 8 ? 2 : 1>(begin, end, col, terms);
    else
      rows<Vec, MR, 16 / lanes>(begin, end, col, terms);
  }

  // Panels outer, rows inner: each weight panel is read once for the rows of the block.
  template <int MR, int Panels, class L>
  [[gnu::always_inline]] void block(std::size_t begin, std::size_t end, L terms) const {
    std::size_t col = 0;
    for (; col + 16 * Panels <= n; col += 16 * Panels) rows<Vec, MR, Panels * 16 / lanes>(begin, end, col, terms);
    if constexpr (Panels > 1)
      for (; col + 16 <= n; col += 16) rows<Vec, MR, 16 / lanes>(begin, end, col, terms);
    if (col < n) last_panel<MR>(begin, end, col, n - col, terms);
  }
};

// Rows and panels of a tile by the number of vector registers: 32 (v4), 16 (v3, neon has 32 but narrow ones), 16.
inline constexpr int tile_rows = lanes == 16 ? 8 : lanes == 8 ? 6 : 3;
inline constexpr int tile_panels = lanes == 16 ? 2 : 1;
inline constexpr std::size_t row_block = 96;

}  // namespace gemm_detail

// Rows `rows` of the product; ldc, lda, n, k are dim<> or std::size_t. Reads and writes nothing beyond column n of c,
// column k of a and the packed weights.
template <int MR = gemm_detail::tile_rows, int Panels = gemm_detail::tile_panels, class B, class E, class LDC, class LDA,
          class N, class K, class Epi>
inline void gemm(Range<B, E> rows, float* c, LDC ldc, const float* a, LDA lda, const float* b, N n, K k, Epi epilogue) {
  const gemm_detail::Problem<LDC, LDA, N, K, Epi> problem{c, ldc, a, lda, b, n, k, epilogue};
  const std::size_t end = rows.end;
  const auto run = [&](auto terms) {
    if constexpr (static_size<E> == 1 && is_static<E>)
      problem.template block<1, Panels>(rows.begin, end, terms);
    else
      for (std::size_t row = rows.begin; row < end; row += gemm_detail::row_block)
        problem.template block<MR, Panels>(row, end - row < gemm_detail::row_block ? end : row + gemm_detail::row_block, terms);
  };
  if constexpr (is_static<N>)
    run(dim<block_terms(static_size<N>)>{});
  else
    run(block_terms(n));
}

}  // namespace inferc::cpu
