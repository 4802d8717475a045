#pragma once
#include <cstddef>

#include "kernels/cpu/tile.hpp"
#include "kernels/dim.hpp"
#include "kernels/simd.hpp"

// Products of matrices by tiles: which tiles, in which order, over operands laid out in different ways.
namespace inferc::cpu::product_detail {

// A few rows make too few chains to hide the latency of fma: they take more panels at once.
constexpr int panels_for(int rows, int panels, int most) { return rows >= 4 || panels >= most ? panels : panels_for(rows * 2, panels * 2, most); }

// a[M, K] in memory, `stride` elements between rows.
template <class LD>
struct StridedLeft {
  const float* data;
  LD stride;
  template <class V, int MR, int NV, class B, class K, class L>
  [[gnu::always_inline]] void product(V (&acc)[MR * NV], std::size_t row, const B& right, K k, L terms) const {
    const StridedRows<LD> left{data + row * stride, stride};
    if constexpr (MR == 1) RowTile<V, NV>::product(acc, left, right, k, terms);
    else Tile<V, MR, NV>::product(acc, left, right, k, terms);
  }
};
// b[K, N] in panels of 16 columns (pack.hpp).
template <class K>
struct PackedRight {
  const float* data;
  K k;
  [[gnu::always_inline]] PackedColumns whole(std::size_t col) const { return {data + col * k, 16 * k}; }
  [[gnu::always_inline]] PackedColumns part(std::size_t col, std::size_t) const { return whole(col); }
};
// b[K, N] in memory, `stride` elements between rows.
template <class LD>
struct DenseRight {
  const float* data;
  LD stride;
  [[gnu::always_inline]] DenseColumns<LD> whole(std::size_t col) const { return {data + col, stride}; }
  [[gnu::always_inline]] LastColumns<LD> part(std::size_t col, std::size_t left) const { return {data + col, stride, left}; }
};

// c[M, N] = epilogue(left * right). The epilogue sees rows and columns counted from (first_row, first_col).
template <class LDC, class Left, class Right, class N, class K, class L, class Epi>
struct Problem {
  float* c;
  LDC ldc;
  Left left;
  Right right;
  N n;
  K k;
  L terms;
  Epi epilogue;
  std::size_t first_row = 0, first_col = 0;

  // MR rows from `row`, NV vectors from column `col`; `valid` columns are left there.
  template <class V, int MR, int NV, class B>
  [[gnu::always_inline]] void tile(std::size_t row, std::size_t col, std::size_t valid, const B& columns) const {
    V acc[MR * NV];
    left.template product<V, MR, NV>(acc, row, columns, k, terms);
    finish<V, MR, NV>(acc, c + row * ldc + col, ldc, first_row + row, first_col + col, valid, epilogue);
  }
  template <class V, int MR, int NV>
  [[gnu::always_inline]] void rows(std::size_t begin, std::size_t end, std::size_t col) const {
    const auto columns = right.whole(col);
    for (std::size_t row = begin; row < end; row += MR) tile<V, MR, NV>(row, col, NV * lane_count<V>, columns);
  }
  template <class V, int MR, int NV>
  [[gnu::always_inline]] void part(std::size_t begin, std::size_t end, std::size_t col) const {
    const std::size_t valid = n - col;
    const auto columns = right.part(col, valid);
    for (std::size_t row = begin; row < end; row += MR) tile<V, MR, NV>(row, col, valid, columns);
  }
  // The last panel, with the narrowest vectors that hold its `left` columns.
  template <int MR>
  [[gnu::always_inline]] void last_panel(std::size_t begin, std::size_t end, std::size_t col, std::size_t left) const {
    if (left <= 4) part<F32<4>, MR, 1>(begin, end, col);
    else if (left <= 8) part < F32<(lanes < 8 ? 4 : 8)>, MR, lanes<8 ? 2 : 1>(begin, end, col);
    else part<Vec, MR, 16 / lanes>(begin, end, col);
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
      if (col + 16 < n) part<Vec, MR, 2 * 16 / lanes>(begin, end, col);
      else if (col < n) last_panel<MR>(begin, end, col, n - col);
    } else {
      if (col < n) last_panel<MR>(begin, end, col, n - col);
    }
  }
  // The last rows of a block: fewer than MR.
  template <int MR, int Panels>
  [[gnu::always_inline]] void rest(std::size_t begin, std::size_t end) const {
    constexpr int most = N_at_least<64> ? 4 * tile_panels : Panels;
    static_assert(MR <= 16);
    if constexpr (MR > 8)
      if (begin + 8 <= end) sweep<8, Panels>(begin, begin + 8), begin += 8;
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
  for (std::size_t row = begin; row < whole; row += row_block) problem.template sweep<MR, Panels>(row, whole - row < row_block ? whole : row + row_block);
  if constexpr (MR > 1) problem.template rest<MR, Panels>(whole, end);
}

template <int MR, int Panels, class B, class E, class P>
[[gnu::always_inline]] inline void run(Range<B, E> rows, const P& problem) {
  if constexpr (is_static<B> && is_static<E>) static_rows<static_size<E> - static_size<B>, MR, Panels>(problem, static_size<B>);
  else dynamic_rows<MR, Panels>(problem, rows.begin, rows.end);
}

}  // namespace inferc::cpu::product_detail
