#pragma once
#include <cstddef>

#include "kernels/cpu/access.hpp"
#include "kernels/cpu/tile.hpp"
#include "kernels/dim.hpp"
#include "kernels/simd.hpp"

// c[M, N] = epilogue(a[M, K] * b[K, N]), b packed in panels of 16 columns (pack.hpp). Order of summation: tile.hpp.
namespace inferc::cpu {
namespace gemm_detail {

// A few rows make too few chains to hide the latency of fma: they take more panels at once.
constexpr int panels_for(int rows, int panels, int most) {
  return rows >= 4 || panels >= most ? panels : panels_for(rows * 2, panels * 2, most);
}

template <class LDC, class LDA, class N, class K, class L, class Epi>
struct Problem {
  float* c;
  LDC ldc;
  const float* a;
  LDA lda;
  const float* b;
  N n;
  K k;
  L terms;
  Epi epilogue;

  // MR rows from `row`, NV vectors from column `col`.
  template <class V, int MR, int NV>
  [[gnu::always_inline]] void tile(std::size_t row, std::size_t col) const {
    V acc[MR * NV];
    const StridedRows<LDA> left{a + row * lda, lda};
    const PackedColumns right{b + col * k, 16 * k};
    if constexpr (MR == 1)
      RowTile<V, NV>::product(acc, left, right, k, terms);
    else
      Tile<V, MR, NV>::product(acc, left, right, k, terms);
    finish<V, MR, NV>(acc, c + row * ldc + col, ldc, row, col, n - col, epilogue);
  }
  template <class V, int MR, int NV>
  [[gnu::always_inline]] void rows(std::size_t begin, std::size_t end, std::size_t col) const {
    for (std::size_t row = begin; row < end; row += MR) tile<V, MR, NV>(row, col);
  }
  // The last panel, with the narrowest vectors that hold its `left` columns.
  template <int MR>
  [[gnu::always_inline]] void last_panel(std::size_t begin, std::size_t end, std::size_t col, std::size_t left) const {
    if (left <= 4)
      rows<F32<4>, MR, 1>(begin, end, col);
    else if (left <= 8)
      rows<F32<(lanes < 8 ? 4 : 8)>, MR, lanes < 8 ? 2 : 1>(begin, end, col);
    else
      rows<Vec, MR, 16 / lanes>(begin, end, col);
  }
  // Rows [begin, end), a multiple of MR. Panels outer, rows inner: each weight panel is read once.
  template <int MR, int Panels>
  [[gnu::always_inline]] void sweep(std::size_t begin, std::size_t end, std::size_t col = 0) const {
    constexpr std::size_t width = 16 * Panels;
    if (!is_static<N> || static_size<N> >= width)
      for (; col + width <= n; col += width) rows<Vec, MR, Panels * 16 / lanes>(begin, end, col);
    if constexpr (Panels > 2) {
      sweep<MR, Panels / 2>(begin, end, col);
    } else if constexpr (Panels == 2) {
      if (col + 16 < n)
        rows<Vec, MR, 2 * 16 / lanes>(begin, end, col);
      else if (col < n)
        last_panel<MR>(begin, end, col, n - col);
    } else {
      if (col < n) last_panel<MR>(begin, end, col, n - col);
    }
  }
  // The last rows of a block: fewer than MR.
  template <int MR, int Panels>
  [[gnu::always_inline]] void rest(std::size_t begin, std::size_t end) const {
    constexpr int most = N_at_least<64> ? 4 * tile_panels : Panels;
    if constexpr (MR > 4)
      if (begin + 4 <= end) sweep<4, Panels>(begin, begin + 4), begin += 4;
    if constexpr (MR > 2)
      if (begin + 2 <= end) sweep<2, panels_for(2, Panels, most)>(begin, begin + 2), begin += 2;
    if (begin < end) sweep<1, panels_for(1, Panels, most)>(begin, begin + 1);
  }
  template <std::size_t Size>
  static constexpr bool N_at_least = !is_static<N> || static_size<N> >= Size;
};

inline constexpr std::size_t row_block = 96;

// A block of rows whose count is known: one more tile of exactly the rest.
template <std::size_t M, int MR, int Panels, class P>
[[gnu::always_inline]] inline void static_rows(const P& problem, std::size_t begin) {
  constexpr std::size_t whole = M / MR * MR;
  constexpr int left = static_cast<int>(M - whole), most = P::template N_at_least<64> ? 4 * tile_panels : Panels;
  for (std::size_t row = 0; row < whole; row += row_block)
    problem.template sweep<MR, Panels>(begin + row, begin + (whole - row < row_block ? whole : row + row_block));
  if constexpr (left > 0) problem.template sweep<left, panels_for(left, Panels, most)>(begin + whole, begin + M);
}
template <int MR, int Panels, class P>
[[gnu::always_inline]] inline void dynamic_rows(const P& problem, std::size_t begin, std::size_t end) {
  const std::size_t whole = begin + (end - begin) / MR * MR;
  for (std::size_t row = begin; row < whole; row += row_block)
    problem.template sweep<MR, Panels>(row, whole - row < row_block ? whole : row + row_block);
  if constexpr (MR > 1) problem.template rest<MR, Panels>(whole, end);
}

template <int MR, int Panels, class B, class E, class P>
[[gnu::always_inline]] inline void run(Range<B, E> rows, const P& problem) {
  if constexpr (is_static<B> && is_static<E>)
    static_rows<static_size<E> - static_size<B>, MR, Panels>(problem, static_size<B>);
  else
    dynamic_rows<MR, Panels>(problem, rows.begin, rows.end);
}

}  // namespace gemm_detail

// Rows `rows` of the product; ldc, lda, n, k are dim<> or std::size_t. Reads and writes nothing beyond column n of c,
// column k of a and the packed weights.
template <int MR = tile_rows, int Panels = tile_panels, class B, class E, class LDC, class LDA, class N, class K, class Epi>
inline void gemm(Range<B, E> rows, float* c, LDC ldc, const float* a, LDA lda, const float* b, N n, K k, Epi epilogue) {
  if constexpr (is_static<N>) {
    using L = dim<block_terms(static_size<N>)>;
    gemm_detail::run<MR, Panels>(rows, gemm_detail::Problem<LDC, LDA, N, K, L, Epi>{c, ldc, a, lda, b, n, k, {}, epilogue});
  } else {
    using L = std::size_t;
    gemm_detail::run<MR, Panels>(rows, gemm_detail::Problem<LDC, LDA, N, K, L, Epi>{c, ldc, a, lda, b, n, k, block_terms(n), epilogue});
  }
}

}  // namespace inferc::cpu
