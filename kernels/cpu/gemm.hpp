#pragma once
#include <cstddef>

#include "kernels/cpu/access.hpp"
#include "kernels/cpu/column.hpp"
#include "kernels/cpu/product.hpp"
#include "kernels/cpu/tile.hpp"
#include "kernels/dim.hpp"

namespace inferc::cpu {

// Rows `rows` of c[M, N] = epilogue(a[M, K] * b[K, N]), b packed in panels of 16 columns (pack.hpp); ldc, lda, n, k and the
// length of a block of terms are dim<> or std::size_t. Reads and writes nothing beyond column n of c, column k of a and the
// packed weights. Order of summation: tile.hpp.
template <int MR = tall_rows, int Panels = tile_panels, class B, class E, class LDC, class LDA, class N, class K, class L, class Epi>
[[gnu::always_inline]] inline void gemm_in_blocks(Range<B, E> rows, float* c, LDC ldc, const float* a, LDA lda, const float* b, N n, K k, L terms,
                                                  Epi epilogue) {
  using namespace product_detail;
  run<MR, Panels>(rows, Problem<LDC, StridedLeft<LDA>, Weights<K>, N, K, L, Epi>{c, ldc, {a, lda}, {b, k}, n, k, terms, epilogue});
}

// The same by blocks as long as the number of columns asks for.
template <int MR = tall_rows, int Panels = tile_panels, class B, class E, class LDC, class LDA, class N, class K, class Epi>
inline void gemm(Range<B, E> rows, float* c, LDC ldc, const float* a, LDA lda, const float* b, N n, K k, Epi epilogue) {
  const std::size_t count = rows.end - rows.begin;
  if constexpr (may_be<N, 1, 1> && !(is_static<B> && is_static<E> && static_size<E> - static_size<B> < column_detail::rows_at_once))
    if (n == 1 && count >= column_detail::rows_at_once) return column_detail::run(rows.begin, rows.end, c, ldc, a, lda, b, k, epilogue);
  gemm_in_blocks<MR, Panels>(rows, c, ldc, a, lda, b, n, k, terms_of(n), epilogue);
}

}  // namespace inferc::cpu
