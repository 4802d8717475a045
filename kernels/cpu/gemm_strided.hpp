#pragma once
#include <cstddef>

#include "kernels/cpu/gemm.hpp"
#include "kernels/cpu/map.hpp"

namespace inferc::cpu {

// Left operands whose rows and terms are any number of elements apart, as a structure of arrays has them.
struct SteppedRows {
  const float* data;
  std::ptrdiff_t stride, step;
  template <std::size_t R>
  [[gnu::always_inline]] float get(std::size_t k) const {
    return data[static_cast<std::ptrdiff_t>(R) * stride + static_cast<std::ptrdiff_t>(k) * step];
  }
  [[gnu::always_inline]] SteppedRows skip(std::size_t terms) const { return {data + static_cast<std::ptrdiff_t>(terms) * step, stride, step}; }
};
struct SteppedLeft {
  SteppedRows first;
  template <class V, int MR, int NV, class B, class K, class L>
  [[gnu::always_inline]] void product(V (&acc)[MR * NV], std::size_t row, const B& right, K k, L terms) const {
    const SteppedRows left{first.data + static_cast<std::ptrdiff_t>(row) * first.stride, first.stride, first.step};
    if constexpr (MR == 1) RowTile<V, NV>::product(acc, left, right, k, terms);
    else Tile<V, MR, NV>::product(acc, left, right, k, terms);
  }
};

// As gemm of rows that are contiguous, with the same bits.
template <int MR = tall_rows, int Panels = tile_panels, class B, class E, class LDC, Step S, class N, class K, class Epi>
inline void gemm(Range<B, E> rows, float* c, LDC ldc, Strided<const float, 2, S> a, const float* b, N n, K k, Epi epilogue) {
  using namespace product_detail;
  const auto terms = terms_of(n);
  run<MR, Panels>(
      rows, Problem<LDC, SteppedLeft, Weights<K>, N, K, decltype(terms), Epi>{c, ldc, {{a.data, a.stride[0], a.stride[1]}}, {b, k}, n, k, terms, epilogue});
}

}  // namespace inferc::cpu
