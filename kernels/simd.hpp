#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

// Vectors by the compilers' vector extensions: no intrinsics header. One source for every code path; a path differs in
// `lanes` only.
namespace inferc {

#if defined(__AVX512F__)
inline constexpr int lanes = 16;
#elif defined(__AVX2__)
inline constexpr int lanes = 8;
#else
inline constexpr int lanes = 4;
#endif

template <class T, int N>
struct VectorOf {
  typedef T type __attribute__((vector_size(sizeof(T) * N)));
  typedef T unaligned __attribute__((vector_size(sizeof(T) * N), aligned(alignof(T)), may_alias));
};
template <int N>
using F32 = typename VectorOf<float, N>::type;
template <int N>
using I32 = typename VectorOf<std::int32_t, N>::type;
using Vec = F32<lanes>;

template <class V>
inline constexpr int lane_count = sizeof(V) / sizeof(float);
template <class V>
using IntOf = I32<lane_count<V>>;

template <class V>
[[gnu::always_inline]] inline V load(const float* p) {
  return *reinterpret_cast<const typename VectorOf<float, lane_count<V>>::unaligned*>(p);
}
template <class V>
[[gnu::always_inline]] inline void store(float* p, V v) {
  *reinterpret_cast<typename VectorOf<float, lane_count<V>>::unaligned*>(p) = v;
}
// A subtraction of zero becomes one broadcast in every compiler and keeps -0.
template <class V>
[[gnu::always_inline]] inline V splat(float x) {
  if constexpr (sizeof(V) == sizeof(float))
    return x;
  else
    return x - V{};
}
template <class V>
[[gnu::always_inline]] inline IntOf<V> splat_int(std::int32_t x) {
  return x - IntOf<V>{};
}

// The first n < lanes elements; nothing beyond is read or written, the other lanes are 0.
template <class V>
[[gnu::always_inline]] inline V load_first(const float* p, std::size_t n) {
#if defined(__AVX512F__)
  if constexpr (lane_count<V> == 16)
    return __builtin_ia32_loadups512_mask(p, V{}, static_cast<unsigned short>((1u << n) - 1));
#endif
  V v{};
  for (std::size_t i = 0; i < n; ++i) v[i] = p[i];
  return v;
}
template <class V>
[[gnu::always_inline]] inline void store_first(float* p, V v, std::size_t n) {
#if defined(__AVX512F__)
  if constexpr (lane_count<V> == 16) {
    __builtin_ia32_storeups512_mask(p, v, static_cast<unsigned short>((1u << n) - 1));
    return;
  }
#endif
  for (std::size_t i = 0; i < n; ++i) p[i] = v[i];
}

// a * b + c rounded once. Without an FMA unit: the product is exact in double; the sum is rounded to odd there, so
// that the second rounding to float is the only one that counts (Boldo and Melquiond, 2008).
[[gnu::always_inline]] inline float fma(float a, float b, float c) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
  return __builtin_fmaf(a, b, c);
#else
  const double p = static_cast<double>(a) * b, s = p + c;
  const double back = s - p, error = (p - (s - back)) + (c - back);
  auto bits = std::bit_cast<std::uint64_t>(s);
  const bool inexact = error > 0 || error < 0;
  if (inexact && (bits & 1) == 0) bits += (error > 0) == (s > 0) ? 1 : ~std::uint64_t{0};
  return static_cast<float>(std::bit_cast<double>(bits));
#endif
}

namespace simd_detail {
template <class V, std::size_t... I>
[[gnu::always_inline]] inline V fma_lanes(V a, V b, V c, std::index_sequence<I...>) {
  return V{fma(a[I], b[I], c[I])...};
}
template <class V, std::size_t... I>
[[gnu::always_inline]] inline V sqrt_lanes(V a, std::index_sequence<I...>) {
  return V{__builtin_sqrtf(a[I])...};
}
}  // namespace simd_detail

template <class V>
[[gnu::always_inline]] inline V fma(V a, V b, V c) {
  return simd_detail::fma_lanes(a, b, c, std::make_index_sequence<lane_count<V>>{});
}
template <class V>
[[gnu::always_inline]] inline V sqrt(V a) {
  if constexpr (sizeof(V) == sizeof(float))
    return __builtin_sqrtf(a);
  else
    return simd_detail::sqrt_lanes(a, std::make_index_sequence<lane_count<V>>{});
}

template <class V>
[[gnu::always_inline]] inline V abs(V x) {
  return std::bit_cast<V>(std::bit_cast<IntOf<V>>(x) & splat_int<V>(0x7fffffff));
}
template <class V>
[[gnu::always_inline]] inline V copysign(V magnitude, V sign) {
  return std::bit_cast<V>((std::bit_cast<IntOf<V>>(magnitude) & splat_int<V>(0x7fffffff)) |
                          (std::bit_cast<IntOf<V>>(sign) & splat_int<V>(INT32_MIN)));
}
// NaN in either operand gives NaN.
template <class V>
[[gnu::always_inline]] inline V max(V a, V b) {
  return (a > b) | (a != a) ? a : b;
}

// Sixteen lanes on every path: the unit of the reduction contract.
struct F32x16 {
  static constexpr int parts = 16 / lanes;
  Vec part[parts];

  [[gnu::always_inline]] static F32x16 splat(float x) {
    F32x16 r;
    for (int i = 0; i < parts; ++i) r.part[i] = inferc::splat<Vec>(x);
    return r;
  }
  [[gnu::always_inline]] static F32x16 load(const float* p) {
    F32x16 r;
    for (int i = 0; i < parts; ++i) r.part[i] = inferc::load<Vec>(p + i * lanes);
    return r;
  }
  // The first n <= 16 elements; other lanes `fill`.
  [[gnu::always_inline]] static F32x16 load_first(const float* p, std::size_t n, float fill) {
    alignas(64) float t[16];
    for (std::size_t i = 0; i < 16; ++i) t[i] = i < n ? p[i] : fill;
    return load(t);
  }
  template <class F>
  [[gnu::always_inline]] static F32x16 zip(const F32x16& a, const F32x16& b, F f) {
    F32x16 r;
    for (int i = 0; i < parts; ++i) r.part[i] = f(a.part[i], b.part[i]);
    return r;
  }
  [[gnu::always_inline]] void store(float* p) const {
    for (int i = 0; i < parts; ++i) inferc::store(p + i * lanes, part[i]);
  }
  // ((0+8)+(4+12)) ... : halves are joined, 16 to 8 to 4 to 2 to 1, the same tree on every path.
  template <class F>
  [[gnu::always_inline]] float fold(F f) const {
    alignas(64) float t[16];
    store(t);
    for (int width = 8; width > 0; width /= 2)
      for (int i = 0; i < width; ++i) t[i] = f(t[i], t[i + width]);
    return t[0];
  }
};

}  // namespace inferc
