#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>

#include "kernels/cpu/quantized/pack_blocks.hpp"
#include "kernels/cpu/quantized/sparse.hpp"
#include "kernels/cpu/transpose.hpp"

// Products of bytes whose weights are mostly zeros, by many rows at once: a lane is a row, and of each column only those groups of four
// weights are read that are not all zeros.
namespace inferc::cpu::quantized {

inline constexpr int row_vectors_of_blocks = lanes >= 8 ? 64 / lanes : 4;

// The sums of a panel's columns, to[column][rows].
template <class Kind, std::size_t... Q>
[[gnu::always_inline]] inline void sum_blocks(float* to, const float* x, const std::uint16_t*& plan, const std::int32_t*& values, std::index_sequence<Q...>) {
  using V = typename Kind::V;
  constexpr std::size_t rows = sizeof...(Q) * lanes;
  for (std::size_t groups = *plan++; groups > 0; --groups) {
    const std::size_t length = *plan++;
    for (std::size_t runs = *plan++; runs > 0; --runs, plan += length, values += length) {
      float* const own = to + *plan++ * rows;
      V sum[] = {(static_cast<void>(Q), V{})...}, other[] = {(static_cast<void>(Q), V{})...};
      const auto add = [&](V(&to)[sizeof...(Q)], std::size_t j) __attribute__((always_inline)) {
        const V w = splat_int<V>(values[j]);
        const float* const from = x + plan[j] * rows;
        ((to[Q] = dot_bytes<Kind::pairs>(to[Q], as<V>(load<Vec>(from + Q * lanes)), w)), ...);
      };
      std::size_t j = 0;
      for (; lanes == 16 && j + 2 <= length; j += 2) add(sum, j), add(other, j + 1);
      for (; j < length; ++j) add(sum, j);
      (store(own + Q * lanes, as<Vec>(sum[Q] + other[Q])), ...);
    }
  }
}

template <class Problem>
struct RowBlock {
  const Problem& problem;
  float* scratch;
  using V = typename Problem::V;
  static constexpr int vectors = row_vectors_of_blocks, of_panel = 16 / lanes;
  static constexpr std::size_t rows = vectors * lanes;

  template <class X>
  [[gnu::always_inline]] void take(std::size_t row) const {
    const std::size_t words = problem.k / 4;
    transpose(scratch, rows, reinterpret_cast<const float*>(problem.x + row * problem.ldx), problem.ldx / 4, rows, words);
    if constexpr (std::is_signed_v<X>)
      for (std::size_t i = 0; i < words * rows; i += lanes)
        store(scratch + i, as<Vec>(as<V>(load<Vec>(scratch + i)) ^ splat_int<V>(static_cast<std::int32_t>(0x80808080u))));
  }
  template <int MR, std::size_t... I>
  [[gnu::always_inline]] void finish(const float* sums, std::size_t row, std::size_t col, std::index_sequence<I...>) const {
    const V sum[] = {as<V>(load<Vec>(sums + I * lanes))...};
    if (col + 16 <= problem.n) problem.template store<MR, of_panel>(sum, row, col, std::index_sequence<I...>{});
    else problem.template store_loop<MR, of_panel>(sum, row, col, problem.n - col);
  }
  template <class Kind>
  [[gnu::always_inline]] void run(std::size_t row, const std::uint16_t* plan, const std::int32_t* values) const {
    float *const results = scratch + problem.k / 4 * rows, *const columns = results + 16 * rows;
    for (std::size_t col = 0; col < problem.n; col += 16) {
      sum_blocks<Kind>(columns, scratch, plan, values, std::make_index_sequence<vectors>{});
      transpose(results, 16, columns, rows, 16, rows);
      for (std::size_t r = 0; r < rows; r += 4) finish<4>(results + r * 16, row + r, col, std::make_index_sequence<4 * of_panel>{});
    }
  }
};

// linear() for weights that are given in both forms, `plan` and `values` as pack_blocks() makes them. Whole blocks of rows take the one without
// zeros, and `rest` the others. k and ldx are multiples of 4.
template <class Kind, class S, class Out, class B, class E, class LDY, class X, class LDX, class N, class K, class Rest>
[[gnu::always_inline]] inline void by_blocks(Range<B, E> rows, typename Out::type* y, LDY ldy, const X* x, LDX ldx, const std::int8_t* w,
                                             const std::int32_t* table, N n, K k, const std::uint16_t* plan, const std::int32_t* values, float* scratch,
                                             Rest rest) {
  using Problem = IntegerProblem<Kind, S, Out, X, LDY, LDX, N, K>;
  const Problem problem{y, ldy, x, ldx, w, {table, (n + 15) / 16 * 16}, n, k};
  const RowBlock<Problem> block{problem, scratch};
  std::size_t row = rows.begin;
  for (; row + block.rows <= rows.end; row += block.rows) {
    block.template take<X>(row);
    block.template run<Kind>(row, plan, values);
  }
  if (row < rows.end) rest(Range{row, static_cast<std::size_t>(rows.end)});
}

template <class Kind, class S, class Out, class B, class E, class LDY, class X, class LDX, class N, class K>
inline void blocks_linear(Range<B, E> rows, typename Out::type* y, LDY ldy, const X* x, LDX ldx, const std::int8_t* w, const std::int32_t* table, N n, K k,
                          const std::uint16_t* plan, const std::int32_t* values, float* scratch) {
  by_blocks<Kind, S, Out>(rows, y, ldy, x, ldx, w, table, n, k, plan, values, scratch,
                          [&](auto left) { linear<Kind, S, Out>(left, y, ldy, x, ldx, w, table, n, k); });
}
// With the weights of sparse_linear(), too, for a few rows.
template <class Kind, class S, class Out, class B, class E, class LDY, class X, class LDX, class N, class K>
inline void blocks_linear(Range<B, E> rows, typename Out::type* y, LDY ldy, const X* x, LDX ldx, const std::int8_t* w, const std::int32_t* table, N n, K k,
                          const std::uint16_t* plan, const std::int32_t* values, float* scratch, const std::uint16_t* windows, const std::int8_t* steps) {
  by_blocks<Kind, S, Out>(rows, y, ldy, x, ldx, w, table, n, k, plan, values, scratch,
                          [&](auto left) { sparse_linear<Kind, S, Out>(left, y, ldy, x, ldx, w, table, n, k, windows, steps); });
}

}  // namespace inferc::cpu::quantized
