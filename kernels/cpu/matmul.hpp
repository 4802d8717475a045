#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/cpu/access.hpp"
#include "kernels/cpu/product.hpp"
#include "kernels/cpu/tile.hpp"
#include "kernels/cpu/transpose.hpp"
#include "kernels/dim.hpp"
#include "kernels/view.hpp"

// Products of two activations, one per unit of a batch. Order of summation: tile.hpp.
namespace inferc::cpu {

// The dims of a batch, outermost first: per dim its size and the strides of c, a and b.
template <int S>
struct Batch {
  static_assert(S % 4 == 0);
  Sizes<S> dims;

  struct Offsets {
    std::ptrdiff_t c = 0, a = 0, b = 0;
  };
  [[nodiscard]] Offsets at(std::size_t unit) const {
    Offsets o;
    for (int d = S - 4; d >= 0; d -= 4) {
      const auto size = static_cast<std::size_t>(dims.value[d]);
      const auto i = static_cast<std::ptrdiff_t>(unit % size);
      unit /= size;
      o.c += i * static_cast<std::ptrdiff_t>(dims.value[d + 1]);
      o.a += i * static_cast<std::ptrdiff_t>(dims.value[d + 2]);
      o.b += i * static_cast<std::ptrdiff_t>(dims.value[d + 3]);
    }
    return o;
  }
};

namespace matmul_detail {

// The length of a block of terms: given (not 0), else by the number of columns.
template <std::size_t L, class N>
constexpr auto terms(dim<L>, N n) {
  if constexpr (L == 0) return terms_of(n);
  else return dim<L>{};
}

template <int MR, int Panels, class Right, class LDC, class LDA, class M, class N, class K, class L, class Epi>
[[gnu::always_inline]] inline void one(float* c, LDC ldc, const float* a, LDA lda, const Right& right, M m, N n, K k, L terms, const Epi& epilogue,
                                       std::size_t first_row) {
  using namespace product_detail;
  run<MR, Panels>(Range<dim<0>, M>{{}, m}, Problem<LDC, StridedLeft<LDA>, Right, N, K, L, Epi>{c, ldc, {a, lda}, right, n, k, terms, epilogue, first_row});
}

}  // namespace matmul_detail

// c[u, M, N] = epilogue(a[u, M, K] * b[u, K, N]) for the units `units` of the batch; rows of b are contiguous. Sizes and
// row strides are dim<> or std::size_t. `terms`: dim<L> for blocks of L terms, dim<0> for L by N. The epilogue sees row
// u * M + i.
template <int MR = tall_rows, int Panels = tile_panels, class Begin, class End, class LDC, class LDA, class LDB, class M, class N, class K, std::size_t L,
          int S, class Epi>
inline void matmul(Range<Begin, End> units, float* c, LDC ldc, const float* a, LDA lda, const float* b, LDB ldb, M m, N n, K k, dim<L> terms, Sizes<S> batch,
                   Epi epilogue) {
  const auto block = matmul_detail::terms(terms, n);
  for (std::size_t u = units.begin; u < units.end; ++u) {
    const auto at = Batch<S>{batch}.at(u);
    matmul_detail::one<MR, Panels>(c + at.c, ldc, a + at.a, lda, product_detail::DenseRight<LDB>{b + at.b, ldb}, m, n, k, block, epilogue, u * m);
  }
}

// The same with b[u, N, K]: rows of b are its columns. `panels`: scratch of packed_size(K, N) elements.
template <int MR = tall_rows, int Panels = tile_panels, class Begin, class End, class LDC, class LDA, class LDB, class M, class N, class K, std::size_t L,
          int S, class Epi>
inline void matmul_transposed(Range<Begin, End> units, float* c, LDC ldc, const float* a, LDA lda, const float* b, LDB ldb, float* panels, M m, N n, K k,
                              dim<L> terms, Sizes<S> batch, Epi epilogue) {
  const auto block = matmul_detail::terms(terms, n);
  const float* packed = nullptr;
  for (std::size_t u = units.begin; u < units.end; ++u) {
    const auto at = Batch<S>{batch}.at(u);
    if (packed != b + at.b) pack_transposed(panels, b + at.b, ldb, k, n);
    packed = b + at.b;
    matmul_detail::one<MR, Panels>(c + at.c, ldc, a + at.a, lda, product_detail::PackedRight<K>{panels, k}, m, n, k, block, epilogue, u * m);
  }
}

}  // namespace inferc::cpu
