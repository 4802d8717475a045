#pragma once
#include <cstddef>

#include "kernels/cpu/sizes.hpp"
#include "kernels/cpu/transpose.hpp"
#include "kernels/dim.hpp"
#include "kernels/simd.hpp"

// A product with one column: vectors go from row to row, as a tile of columns would leave most of its lanes empty. Order of summation:
// tile.hpp.
namespace inferc::cpu::column_detail {

using Block = transpose_detail::BlockOf<Vec>::type;
using V = Block::V;
inline constexpr std::size_t width = Block::size, parts = 2, rows_at_once = parts * width, block_length = 16;

// acc += the next `terms` terms, at most `width`.
template <class LDA>
[[gnu::always_inline]] inline void add_terms(V& acc, const float* a, LDA lda, const float* b, std::size_t terms) {
  if (terms == width) {
    V column[width];
    Block::columns(column, a, lda);
#pragma GCC unroll 8
    for (std::size_t k = 0; k < width; ++k) acc = fma(column[k], splat<V>(b[16 * k]), acc);
  } else {
    for (std::size_t k = 0; k < terms; ++k) {
      V column = splat<V>(a[k]);
      for (std::size_t i = 1; i < width; ++i) column[i] = a[i * lda + k];
      acc = fma(column, splat<V>(b[16 * k]), acc);
    }
  }
}

// acc = the next `terms` <= block_length terms of the rows, from zero.
template <class LDA>
[[gnu::always_inline]] inline void block_sum(V (&acc)[parts], const float* a, LDA lda, const float* b, std::size_t terms) {
  for (V& v : acc) v = V{};
  for (std::size_t at = 0; at < terms; at += width)
    for (std::size_t p = 0; p < parts; ++p) add_terms(acc[p], a + p * width * lda + at, lda, b + 16 * at, terms - at < width ? terms - at : width);
}

template <class LDA, class K>
[[gnu::always_inline]] inline void sum(V (&total)[parts], const float* a, LDA lda, const float* b, K k) {
  block_sum(total, a, lda, b, k < block_length ? std::size_t{k} : block_length);
  for (std::size_t at = block_length; at < k; at += block_length) {
    V acc[parts];
    block_sum(acc, a + at, lda, b + 16 * at, k - at < block_length ? k - at : block_length);
    for (std::size_t p = 0; p < parts; ++p) total[p] = total[p] + acc[p];
  }
}

template <class LDC, class Epi>
[[gnu::always_inline]] inline void finish(const V (&total)[parts], float* c, LDC ldc, std::size_t row, const Epi& epilogue) {
  for (std::size_t p = 0; p < parts; ++p) {
    const std::size_t first = row + p * width;
    const V y = epilogue.down(total[p], first, 0);
    if (ldc == 1) store(c + first, y);
    else
      for (std::size_t i = 0; i < width; ++i) c[(first + i) * ldc] = y[i];
  }
}

// Rows [begin, end), at least rows_at_once; the last ones once more where they make no whole group.
template <class LDC, class LDA, class K, class Epi>
inline void run(std::size_t begin, std::size_t end, float* c, LDC ldc, const float* a, LDA lda, const float* b, K k, const Epi& epilogue) {
  for (std::size_t row = begin; row < end; row += rows_at_once) {
    if (end - row < rows_at_once) row = end - rows_at_once;
    V total[parts];
    sum(total, a + row * lda, lda, b, k);
    finish(total, c, ldc, row, epilogue);
  }
}

}  // namespace inferc::cpu::column_detail
