#pragma once
#include <cstddef>
#include <type_traits>

#include "kernels/cpu/sizes.hpp"
#include "kernels/cpu/tile.hpp"
#include "kernels/dim.hpp"
#include "kernels/simd.hpp"

// Products of matrices by tiles: which tiles, in which order, over operands laid out in different ways.
namespace inferc::cpu::product_detail {

// A few rows make too few chains to hide the latency of fma: they take more panels at once.
constexpr int panels_for(int rows, int panels, int most) { return rows >= 4 || panels >= most ? panels : panels_for(rows * 2, panels * 2, most); }

// All rows of a product in one tile: twice the panels where the registers hold its sums, its columns and an element, so that
// weights stream in long runs and each is read once.
constexpr int widest_panels(int rows, int panels) { return (rows + 1) * (2 * panels * 16 / lanes) < vector_registers ? 2 * panels : panels; }

inline constexpr int any_rest = -1;  // rows behind whole tiles: a number known at run time

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
// What a right operand gives each of the `tiles` tiles that work on the same columns, where nothing is asked for ahead.
struct Resident {
  template <std::size_t Panels, class Columns>
  [[gnu::always_inline]] const Columns& ahead(const Columns& columns, std::size_t, std::size_t) const {
    return columns;
  }
};
// b[K, N] in panels of 16 columns (pack.hpp).
template <class K>
struct PackedRight : Resident {
  const float* data;
  K k;
  [[gnu::always_inline]] PackedRight(const float* panels, K terms) : data(panels), k(terms) {}
  [[gnu::always_inline]] PackedColumns whole(std::size_t col) const { return {data + col * k, 16 * k}; }
  [[gnu::always_inline]] PackedColumns part(std::size_t col, std::size_t) const { return whole(col); }
};
// The same of weights: each tile asks for its share of the next panels. One tile alone reads its own as fast as they come.
template <class K>
struct Weights : PackedRight<K> {
  using PackedRight<K>::PackedRight;
  template <std::size_t Panels>
  [[gnu::always_inline]] StreamedColumns ahead(const PackedColumns& columns, std::size_t tile, std::size_t tiles) const {
    const std::size_t step = tiles < 2 ? 0 : 16 * Panels / tiles;
    return {columns, columns.data + (step == 0 ? 0 : Panels * columns.panel + tile * step * this->k), step};
  }
};
// b[K, N] in memory, `stride` elements between rows.
template <class LD>
struct DenseRight : Resident {
  const float* data;
  LD stride;
  [[gnu::always_inline]] DenseRight(const float* first, LD row) : data(first), stride(row) {}
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
  template <class V, int MR, int NV, class Valid, class B>
  [[gnu::always_inline]] void tile(std::size_t row, std::size_t col, Valid valid, const B& columns) const {
    V acc[MR * NV];
    left.template product<V, MR, NV>(acc, row, columns, k, terms);
    if constexpr (requires(std::size_t(&to)[MR]) { left.places(to, row); }) scatter<V, MR, NV>(acc, row, col, valid);
    else finish<V, MR, NV>(acc, c + row * ldc + col, ldc, first_row + row, first_col + col, valid, epilogue);
  }
  // Each row to the place in c that the left operand names.
  template <class V, int MR, int NV, class Valid>
  [[gnu::always_inline]] void scatter(const V (&acc)[MR * NV], std::size_t row, std::size_t col, Valid valid) const {
    std::size_t to[MR];
    left.places(to, row);
    V kept[MR * NV];
    Tile<V, MR, NV>::assign(kept, acc, Tile<V, MR, NV>::all);
    for (int r = 0; r < MR; ++r) finish<V, 1, NV>(kept + r * NV, c + to[r] * ldc + col, ldc, first_row + to[r], first_col + col, valid, epilogue);
  }
  // The same as tile `number` of `tiles` on these columns.
  template <class V, int MR, int NV, class Valid, class B>
  [[gnu::always_inline]] void tile(std::size_t row, std::size_t col, Valid valid, const B& columns, std::size_t number, std::size_t tiles) const {
    constexpr std::size_t panels = (NV * lane_count<V> + 15) / 16;
    tile<V, MR, NV>(row, col, valid, right.template ahead<panels>(columns, number, tiles));
  }
  // One group of columns: tiles of MR rows, then fewer rows while the columns are in the first cache: three or one (blocks as
  // chains) keep the units busy where two would not. Of seven and eight rows four and three or four keep them busier than six and one or two.
  template <class V, int MR, int NV, int Rest, class Valid, class B>
  [[gnu::always_inline]] void rows(std::size_t begin, std::size_t end, std::size_t col, Valid valid, const B& columns) const {
    std::size_t row = begin, number = 0;
    if constexpr (MR <= 2) {
      for (; row + MR <= end; row += MR) tile<V, MR, NV>(row, col, valid, columns);
    } else {
      std::size_t whole = (end - begin) / MR, over = end - begin - whole * MR;
      if (Rest == any_rest && MR == 6 && whole > 0 && (over == 1 || over == 2)) --whole, over += MR;
      const std::size_t tiles = whole + (over > 4 && !(MR > 8 && over == 8) ? 2 : over > 0) + (Rest > 0);
      for (; number < whole; row += MR) tile<V, MR, NV>(row, col, valid, columns, number++, tiles);
      if constexpr (Rest > 0) tile<V, Rest, NV>(row, col, valid, columns, number, tiles);
      if constexpr (Rest == any_rest && MR > 8)
        if (row + 8 <= end) tile<V, 8, NV>(row, col, valid, columns, number++, tiles), row += 8;
      if constexpr (Rest == any_rest && MR > 4)
        for (; row + 4 <= end; row += 4) tile<V, 4, NV>(row, col, valid, columns, number++, tiles);
      if constexpr (Rest == any_rest && MR > 3)
        if (row + 3 <= end) tile<V, 3, NV>(row, col, valid, columns, number++, tiles), row += 3;
    }
    if constexpr (Rest == any_rest && MR > 1)
      for (int i = 0; i < 2 && row < end; ++i, ++row) tile<V, 1, NV>(row, col, valid, columns);  // g++ warns of a loop that may be long
  }
  // The same: of any number of rows a function of its own. What is inlined early is worked through again at each level of callers.
  template <class V, int MR, int NV, int Rest, class Valid, class B>
  static void group(const Problem problem, std::size_t begin, std::size_t end, std::size_t col, Valid valid, const B columns) {
    problem.rows<V, MR, NV, Rest>(begin, end, col, valid, columns);
  }
  template <class V, int MR, int NV, int Rest, class Valid, class B>
  [[gnu::always_inline]] void columns(std::size_t begin, std::size_t end, std::size_t col, Valid valid, const B& b) const {
    if constexpr (Rest == any_rest) group<V, MR, NV, Rest>(*this, begin, end, col, valid, b);
    else rows<V, MR, NV, Rest>(begin, end, col, valid, b);
  }
  template <class V, int MR, int NV, int Rest, class Columns>
  [[gnu::always_inline]] void part(std::size_t begin, std::size_t end, std::size_t col, Columns left) const {
    columns<V, MR, NV, Rest>(begin, end, col, left, right.part(col, left));
  }
  // The last panel, with the narrowest vectors that hold its `left` columns.
  template <int MR, int Rest, class Columns>
  [[gnu::always_inline]] void last_panel(std::size_t begin, std::size_t end, std::size_t col, Columns left) const {
    if constexpr (may_be<Columns, 1, 4>)
      if (left <= 4) return part<F32<4>, MR, 1, Rest>(begin, end, col, left);
    if constexpr (may_be<Columns, 5, 8>)
      if (left <= 8) return part<F32<(lanes < 8 ? 4 : 8)>, MR, (lanes < 8 ? 2 : 1), Rest>(begin, end, col, left);
    if constexpr (may_be<Columns, 9, 16>) part<Vec, MR, 16 / lanes, Rest>(begin, end, col, left);
  }
  // Rows [begin, end) by tiles of MR, `left` columns from `col` on. `Rest`: how many rows are left behind whole tiles, where that
  // is known. Panels outer, rows inner: each weight panel is read once.
  template <int MR, int Panels, int Rest, class Columns>
  [[gnu::always_inline]] void sweep(std::size_t begin, std::size_t end, std::size_t col, Columns left) const {
    constexpr std::size_t width = 16 * Panels;
    if constexpr (may_be<Columns, width>)
      for (const std::size_t stop = col + left / width * width; col < stop; col += width)
        columns<Vec, MR, Panels * 16 / lanes, Rest>(begin, end, col, dim<width>{}, right.whole(col));
    const auto behind = modulo<width>(left);
    using Behind = std::remove_const_t<decltype(behind)>;
    if constexpr (Panels > 2) {
      sweep<MR, Panels / 2, Rest>(begin, end, col, behind);
    } else {
      if constexpr (may_be<Behind, 17>)
        if (behind > 16) return part<Vec, MR, 2 * 16 / lanes, Rest>(begin, end, col, behind);
      if constexpr (may_be<Behind, 1, 16>)
        if (behind > 0) last_panel<MR, Rest>(begin, end, col, behind);
    }
  }
  template <int MR, int Panels, int Rest = 0>
  [[gnu::always_inline]] void sweep(std::size_t begin, std::size_t end) const {
    sweep<MR, Panels, Rest>(begin, end, 0, n);
  }
  template <std::size_t Size>
  static constexpr bool N_at_least = !is_static<N> || static_size<N> >= Size;
  template <std::size_t Size>
  static constexpr bool N_multiple_of = is_static<N> && static_size<N> % Size == 0;
};

inline constexpr std::size_t row_block = 96;

// One or two rows alone, by more panels at once.
template <int Rows, int Panels, class P>
[[gnu::always_inline]] inline void few_rows(const P& problem, std::size_t begin) {
  constexpr int most = P::template N_at_least<64> ? 4 * tile_panels : Panels;
  problem.template sweep<Rows, panels_for(Rows, Panels, most)>(begin, begin + Rows);
}

// All `Rows` rows in one tile.
template <int Rows, int Panels, class P>
[[gnu::always_inline]] inline void one_tile(const P& problem, std::size_t begin) {
  constexpr int most = widest_panels(Rows, Panels);
  problem.template sweep<Rows, P::template N_multiple_of<16 * most> ? most : Panels>(begin, begin + Rows);
}

// Rows of as few tiles of at most `most` as hold all M of one block, each about as high; blocks of more rows are whole tiles.
constexpr int even_rows(std::size_t m, int most) {
  const std::size_t tiles = (m + static_cast<std::size_t>(most) - 1) / static_cast<std::size_t>(most);
  return tiles < 2 || m > row_block ? most : static_cast<int>((m + tiles - 1) / tiles);
}

// A block of rows whose count is known: one more tile of exactly the rest.
template <std::size_t M, int MR, int Panels, class P>
[[gnu::always_inline]] inline void static_rows(const P& problem, std::size_t begin) {
  constexpr std::size_t whole = M / MR * MR, last = whole == 0 ? 0 : (whole - 1) / row_block * row_block;
  constexpr int left = static_cast<int>(M - whole);
  static_assert(last == 0 || row_block % MR == 0);
  for (std::size_t row = 0; row < last; row += row_block) problem.template sweep<MR, Panels>(begin + row, begin + row + row_block);
  if constexpr (left > 2 && whole == 0) one_tile<left, Panels>(problem, begin);
  else if constexpr (left > 2) problem.template sweep<MR, Panels, left>(begin + last, begin + whole);
  else if constexpr (whole > 0) problem.template sweep<MR, Panels>(begin + last, begin + whole);
  if constexpr (left == 1 || left == 2) few_rows<left, Panels>(problem, begin + whole);
}
template <int MR, int Panels, class P>
[[gnu::always_inline]] inline void dynamic_rows(const P& problem, std::size_t begin, std::size_t end) {
  if constexpr (MR > 2) {
    if (end - begin == 1) return few_rows<1, Panels>(problem, begin);
    if (end - begin == 2) return few_rows<2, Panels>(problem, begin);
    if constexpr (MR > 5)
      if (end - begin == 5) return one_tile<5, Panels>(problem, begin);
    if constexpr (MR > 6)
      if (end - begin == 6) return one_tile<6, Panels>(problem, begin);
  }
  for (std::size_t stop = 0; begin < end; begin = stop) {
    stop = end - begin < row_block + MR ? end : begin + row_block;
    problem.template sweep<MR, Panels, any_rest>(begin, stop);
  }
}

template <int MR, int Panels, class B, class E, class P>
[[gnu::always_inline]] inline void run(Range<B, E> rows, const P& problem) {
  if constexpr (is_static<B> && is_static<E>)
    static_rows<static_size<E> - static_size<B>, even_rows(static_size<E> - static_size<B>, MR), Panels>(problem, static_size<B>);
  else dynamic_rows<MR, Panels>(problem, rows.begin, rows.end);
}

}  // namespace inferc::cpu::product_detail
