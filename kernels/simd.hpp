#pragma once
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "kernels/bits.hpp"

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
#if defined(__AVX512F__) || defined(__aarch64__)
inline constexpr int vector_registers = 32;
#else
inline constexpr int vector_registers = 16;
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

// Of a float vector or a lane mask the float vector of as many lanes; float of every scalar.
namespace simd_detail {
template <class T, bool Scalar = std::is_arithmetic_v<T>>
struct FloatLike {
  using type = float;
};
template <class T>
struct FloatLike<T, false> {
  using type = F32<lane_count<T>>;
};
}  // namespace simd_detail
template <class T>
using FloatLike = typename simd_detail::FloatLike<T>::type;

template <class V>
[[gnu::always_inline]] inline V load(const float* p) {
  return *reinterpret_cast<const typename VectorOf<float, lane_count<V>>::unaligned*>(p);
}
template <class V>
[[gnu::always_inline]] inline void store(float* p, V v) {
  *reinterpret_cast<typename VectorOf<float, lane_count<V>>::unaligned*>(p) = v;
}
// Keeps v in memory from here to its next use: a compiler that is short of registers may else spill what a loop in between works on.
template <class V>
[[gnu::always_inline]] inline void to_memory(V& v) {
  asm volatile("" : "+m"(v));
}
// A subtraction of zero becomes one broadcast in every compiler and keeps -0.
template <class V>
[[gnu::always_inline]] inline V splat(float x) {
  if constexpr (sizeof(V) == sizeof(float)) return x;
  else return x - V{};
}
template <class V>
[[gnu::always_inline]] inline IntOf<V> splat_int(std::int32_t x) {
  return x - IntOf<V>{};
}

// The halves of a vector.
template <class V>
[[gnu::always_inline]] inline F32<lane_count<V> / 2> low_half(V v) {
  struct Halves {
    F32<lane_count<V> / 2> low, high;
  };
  return bit_cast<Halves>(v).low;
}
template <class V>
[[gnu::always_inline]] inline F32<lane_count<V> / 2> high_half(V v) {
  struct Halves {
    F32<lane_count<V> / 2> low, high;
  };
  return bit_cast<Halves>(v).high;
}

namespace simd_detail {
template <class V, std::size_t... I>
[[gnu::always_inline]] inline IntOf<V> below(std::int32_t n, std::index_sequence<I...>) {
  return IntOf<V>{static_cast<std::int32_t>(I)...} < splat_int<V>(n);
}
}  // namespace simd_detail

// All bits set in the lanes below n.
template <class V>
[[gnu::always_inline]] inline IntOf<V> lanes_below(std::size_t n) {
  return simd_detail::below<V>(static_cast<std::int32_t>(n), std::make_index_sequence<lane_count<V>>{});
}

// The first n <= lanes elements, the other lanes from `rest`; nothing beyond is read or written.
template <class V>
[[gnu::always_inline]] inline V load_first(const float* p, std::size_t n, V rest = V{}) {
#if defined(__AVX512F__)
  if constexpr (lane_count<V> == 16) return __builtin_ia32_loadups512_mask(p, rest, static_cast<unsigned short>((1u << n) - 1));
#endif
#if defined(__AVX__)
  if constexpr (lane_count<V> <= 8) {
    const auto mask = lanes_below<V>(n);
    if constexpr (lane_count<V> == 8) return mask ? __builtin_ia32_maskloadps256(reinterpret_cast<const V*>(p), mask) : rest;
    else if constexpr (lane_count<V> == 4) return mask ? __builtin_ia32_maskloadps(reinterpret_cast<const V*>(p), mask) : rest;
  }
#endif
  for (std::size_t i = 0; i < lane_count<V>; ++i)
    if (i < n) rest[i] = p[i];
  return rest;
}
template <class V>
[[gnu::always_inline]] inline void store_first(float* p, V v, std::size_t n) {
#if defined(__AVX512F__)
  if constexpr (lane_count<V> == 16) {
    __builtin_ia32_storeups512_mask(p, v, static_cast<unsigned short>((1u << n) - 1));
    return;
  }
#endif
#if defined(__AVX__)
  if constexpr (lane_count<V> == 8) return __builtin_ia32_maskstoreps256(reinterpret_cast<V*>(p), lanes_below<V>(n), v);
  if constexpr (lane_count<V> == 4) return __builtin_ia32_maskstoreps(reinterpret_cast<V*>(p), lanes_below<V>(n), v);
#endif
  for (std::size_t i = 0; i < lane_count<V>; ++i)
    if (i < n) p[i] = v[i];
}

// bool elements as lane masks.
template <class V>
[[gnu::always_inline]] inline IntOf<V> load_mask(const bool* p) {
  const auto bytes = *reinterpret_cast<const typename VectorOf<std::int8_t, lane_count<V>>::unaligned*>(p);
  return __builtin_convertvector(bytes, IntOf<V>) != IntOf<V>{};
}
template <class V>
[[gnu::always_inline]] inline void store_mask(bool* p, IntOf<V> mask) {
  using Bytes = VectorOf<std::int8_t, lane_count<V>>;
  *reinterpret_cast<typename Bytes::unaligned*>(p) = __builtin_convertvector(mask & 1, typename Bytes::type);
}

// a * b + c rounded once.
[[gnu::always_inline]] inline float fma(float a, float b, float c);

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

#if defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(INFERC_LIBM_FMA)  // the last: by the C library, which asks the CPU
[[gnu::always_inline]] inline float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }

// The compilers' vectorisers break the lanes of longer expressions up again (g++ turns broadcasts of neighbouring scalars
// into shuffles, clang splits polynomials into scalars): they are given the instruction.
template <class V>
[[gnu::always_inline]] inline V fma(V a, V b, V c) {
#if __has_builtin(__builtin_elementwise_fma)
  if constexpr (sizeof(V) > sizeof(float)) return __builtin_elementwise_fma(a, b, c);
#elif defined(__FMA__)
#if defined(__AVX512F__)
  if constexpr (lane_count<V> == 16) return __builtin_ia32_vfmaddps512_mask(a, b, c, static_cast<unsigned short>(-1), 4);
#endif
  if constexpr (lane_count<V> == 8) return __builtin_ia32_vfmaddps256(a, b, c);
  if constexpr (lane_count<V> == 4) return __builtin_ia32_vfmaddps(a, b, c);
#endif
  return simd_detail::fma_lanes(a, b, c, std::make_index_sequence<lane_count<V>>{});
}
#else
// Without an FMA unit: the product is exact in double; the sum is rounded to odd there, so that the second rounding to
// float is the only one that counts (Boldo and Melquiond, 2008).
namespace simd_detail {
using F64x2 = VectorOf<double, 2>::type;
using I64x2 = VectorOf<std::int64_t, 2>::type;

[[gnu::always_inline]] inline F64x2 sum_to_odd(F64x2 p, F64x2 c) {
  const F64x2 s = p + c, back = s - p, error = (p - (s - back)) + (c - back);
  const I64x2 bits = bit_cast<I64x2>(s);
  const I64x2 even = (bits & 1) - 1;  // all ones where the last bit is 0
  const I64x2 away = ((error > 0) | (error < 0)) & even;
  const I64x2 outward = ~((error > 0) ^ (s > 0));  // the error points away from zero: one up in the last place, else down
  return bit_cast<F64x2>(bits + (away & ((outward & 2) - 1)));
}
[[gnu::noinline]] inline F32<4> fma_emulated(F32<4> a, F32<4> b, F32<4> c) {
  const F64x2 low = sum_to_odd(F64x2{a[0], a[1]} * F64x2{b[0], b[1]}, F64x2{c[0], c[1]});
  const F64x2 high = sum_to_odd(F64x2{a[2], a[3]} * F64x2{b[2], b[3]}, F64x2{c[2], c[3]});
  return F32<4>{static_cast<float>(low[0]), static_cast<float>(low[1]), static_cast<float>(high[0]), static_cast<float>(high[1])};
}
}  // namespace simd_detail

[[gnu::always_inline]] inline float fma(float a, float b, float c) { return simd_detail::fma_emulated(F32<4>{a}, F32<4>{b}, F32<4>{c})[0]; }
template <class V>
[[gnu::always_inline]] inline V fma(V a, V b, V c) {
  if constexpr (lane_count<V> == 4) return simd_detail::fma_emulated(a, b, c);
  return simd_detail::fma_lanes(a, b, c, std::make_index_sequence<lane_count<V>>{});
}
#endif

template <class V>
[[gnu::always_inline]] inline V sqrt(V a) {
  if constexpr (sizeof(V) == sizeof(float)) return __builtin_sqrtf(a);
  else return simd_detail::sqrt_lanes(a, std::make_index_sequence<lane_count<V>>{});
}

template <class V>
[[gnu::always_inline]] inline V abs(V x) {
  return bit_cast<V>(bit_cast<IntOf<V>>(x) & splat_int<V>(0x7fffffff));
}
template <class V>
[[gnu::always_inline]] inline V copysign(V magnitude, V sign) {
  return bit_cast<V>((bit_cast<IntOf<V>>(magnitude) & splat_int<V>(0x7fffffff)) | (bit_cast<IntOf<V>>(sign) & splat_int<V>(INT32_MIN)));
}
// NaN in either operand gives NaN.
template <class V>
[[gnu::always_inline]] inline V max(V a, V b) {
  return ((a > b) | (a != a)) ? a : b;
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
    F32x16 r = splat(fill);
    for (std::size_t i = 0; i < parts; ++i) {
      if (n >= (i + 1) * lanes) r.part[i] = inferc::load<Vec>(p + i * lanes);
      else if (n > i * lanes) r.part[i] = inferc::load_first<Vec>(p + i * lanes, n - i * lanes, r.part[i]);
    }
    return r;
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
  // ((0+8)+(4+12)) ... : halves are joined, 16 to 8 to 4 to 2 to 1, the same tree on every path. f joins vectors of
  // any width and scalars.
  template <class F>
  [[gnu::always_inline]] float fold(F f) const {
    const F32<4> v = fold4(f);
    return f(f(v[0], v[2]), f(v[1], v[3]));
  }

 private:
  template <class F>
  [[gnu::always_inline]] F32<4> fold4(F f) const {
    if constexpr (parts == 4) {
      return f(f(part[0], part[2]), f(part[1], part[3]));
    } else if constexpr (parts == 2) {
      const Vec v = f(part[0], part[1]);
      return f(low_half(v), high_half(v));
    } else {
      const auto v = f(low_half(part[0]), high_half(part[0]));
      return f(low_half(v), high_half(v));
    }
  }
};

}  // namespace inferc
