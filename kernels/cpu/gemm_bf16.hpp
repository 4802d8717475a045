#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/cpu/gemm.hpp"

// Products with weights in bfloat16, the upper halves of floats: widened in registers, so that results are the bits of float32
// products with the same values on every code path, and half the bytes are read.
namespace inferc::cpu {

// g++ would widen halves of a vector and join them again.
template <class V>
[[gnu::always_inline]] inline V load_bf16(const std::uint16_t* p) {
  using Words = typename VectorOf<std::uint32_t, lane_count<V>>::type;
#if defined(__GNUC__) && !defined(__clang__)
  using Shorts [[maybe_unused]] = VectorOf<short, lane_count<V>>;
#if defined(__AVX512F__)
  if constexpr (lane_count<V> == 16)
    return bit_cast<V>(
        bit_cast<Words>(__builtin_ia32_pmovzxwd512_mask(*reinterpret_cast<const typename Shorts::unaligned*>(p), IntOf<V>{}, static_cast<unsigned short>(-1)))
        << 16);
#endif
#if defined(__AVX2__)
  if constexpr (lane_count<V> == 8)
    return bit_cast<V>(bit_cast<Words>(__builtin_ia32_pmovzxwd256(*reinterpret_cast<const typename Shorts::unaligned*>(p))) << 16);
#endif
#endif
  using Halves = typename VectorOf<std::uint16_t, lane_count<V>>::unaligned;
  return bit_cast<V>(__builtin_convertvector(*reinterpret_cast<const Halves*>(p), Words) << 16);
}

struct Bf16Columns {  // as PackedColumns
  const std::uint16_t* data;
  std::size_t panel;
  template <class V, int NV, std::size_t Q>
  [[gnu::always_inline]] V get(std::size_t k) const {
    constexpr std::size_t column = Q * lane_count<V>;
    return load_bf16<V>(data + column / 16 * panel + k * 16 + column % 16);
  }
  [[gnu::always_inline]] Bf16Columns skip(std::size_t terms) const { return {data + terms * 16, panel}; }
};
struct StreamedBf16Columns : Bf16Columns {  // as StreamedColumns
  const std::uint16_t* next;
  std::size_t step;
  template <class V, int NV, std::size_t Q>
  [[gnu::always_inline]] V get(std::size_t k) const {
    if constexpr (Q == 0) __builtin_prefetch(next + k * step, 0, 2);
    return Bf16Columns::get<V, NV, Q>(k);
  }
  [[gnu::always_inline]] StreamedBf16Columns skip(std::size_t terms) const { return {Bf16Columns::skip(terms), next + terms * step, step}; }
};
template <class K>
struct Bf16Weights {  // as product_detail::Weights
  const std::uint16_t* data;
  K k;
  [[gnu::always_inline]] Bf16Columns whole(std::size_t col) const { return {data + col * k, 16 * k}; }
  [[gnu::always_inline]] Bf16Columns part(std::size_t col, std::size_t) const { return whole(col); }
  template <std::size_t Panels>
  [[gnu::always_inline]] StreamedBf16Columns ahead(const Bf16Columns& columns, std::size_t tile, std::size_t tiles) const {
    const std::size_t step = tiles < 2 ? 0 : 16 * Panels / tiles;
    return {columns, columns.data + (step == 0 ? 0 : Panels * columns.panel + tile * step * k), step};
  }
};

// As gemm, b in bfloat16.
template <int MR = tall_rows, int Panels = tile_panels, class B, class E, class LDC, class LDA, class N, class K, class Epi>
inline void gemm(Range<B, E> rows, float* c, LDC ldc, const float* a, LDA lda, const std::uint16_t* b, N n, K k, Epi epilogue) {
  using namespace product_detail;
  const auto terms = terms_of(n);
  run<MR, Panels>(rows, Problem<LDC, StridedLeft<LDA>, Bf16Weights<K>, N, K, decltype(terms), Epi>{c, ldc, {a, lda}, {b, k}, n, k, terms, epilogue});
}

}  // namespace inferc::cpu
