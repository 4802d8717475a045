#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/bits.hpp"
#include "kernels/simd.hpp"

// Sums of products of integers, the one thing here that differs between code paths: `group` neighbouring terms of a column stand in
// one lane. All sums are exact, so every path gives the same bits.
namespace inferc::cpu::quantized {

template <class To, class V>
[[gnu::always_inline]] inline To as(V v) {
  return bit_cast<To>(v);
}

// --- leaves: c + the products of each lane's terms

namespace leaf {
#if defined(__AVX512BW__) || defined(__AVX2__)
// Products of bytes, unsigned and signed, added in pairs, saturating; products of words added in pairs.
template <class V>
[[gnu::always_inline]] inline V multiply_bytes(V x, V w) {
  V out;
  __asm__("vpmaddubsw %2, %1, %0" : "=v"(out) : "v"(x), "v"(w));
  return out;
}
template <class V>
[[gnu::always_inline]] inline V multiply_words(V x, V w) {
  V out;
  __asm__("vpmaddwd %2, %1, %0" : "=v"(out) : "v"(x), "v"(w));
  return out;
}
#elif defined(__SSE2__)
template <class V>
[[gnu::always_inline]] inline V multiply_words(V x, V w) {
  __asm__("pmaddwd %1, %0" : "+x"(x) : "x"(w));
  return x;
}
#else
template <class V>
[[gnu::always_inline]] inline V multiply_words(V x, V w) {
  return ((x << 16) >> 16) * ((w << 16) >> 16) + (x >> 16) * (w >> 16);
}
#endif
}  // namespace leaf

// Four bytes of x, all lanes alike and unsigned, times four signed bytes of w. `pairs`: two neighbouring products are never beyond
// 16 bits.
template <bool pairs, class V>
[[gnu::always_inline]] inline V dot_bytes(V c, V x, V w) {
#if defined(__AVX512VNNI__)
  __asm__("vpdpbusd %2, %1, %0" : "+v"(c) : "v"(x), "v"(w));
  return c;
#else
  using Words = typename VectorOf<std::int16_t, 2 * lane_count<V>>::type;
#if defined(__AVX2__)
  if constexpr (pairs) return c + leaf::multiply_words(leaf::multiply_bytes(x, w), as<V>(Words{} + std::int16_t{1}));
#endif
  const V even = as<V>(static_cast<Words>(as<Words>(w) << 8) >> 8), odd = as<V>(as<Words>(w) >> 8);
  const V low = x & splat_int<V>(0x00ff00ff), high = as<V>(as<Words>(x) >> 8) & splat_int<V>(0x00ff00ff);
  return c + leaf::multiply_words(low, even) + leaf::multiply_words(high, odd);
#endif
}

// Two groups at once: four neighbouring products, two of each, are never beyond 16 bits.
template <class V>
[[gnu::always_inline]] inline V dot_two(V c, V x0, V w0, V x1, V w1) {
#if defined(__AVX2__) && !defined(__AVX512VNNI__)
  using Words = typename VectorOf<std::int16_t, 2 * lane_count<V>>::type;
  const Words sum = as<Words>(leaf::multiply_bytes(x0, w0)) + as<Words>(leaf::multiply_bytes(x1, w1));
  return c + leaf::multiply_words(as<V>(sum), as<V>(Words{} + std::int16_t{1}));
#else
  return dot_bytes<true>(dot_bytes<true>(c, x0, w0), x1, w1);
#endif
}

// Two signed words of x, all lanes alike, times two of w. The pair's sum must fit 32 bits.
template <class V>
[[gnu::always_inline]] inline V dot_words(V c, V x, V w) {
#if defined(__AVX512VNNI__)
  __asm__("vpdpwssd %2, %1, %0" : "+v"(c) : "v"(x), "v"(w));
  return c;
#else
  return c + leaf::multiply_words(x, w);
#endif
}

// --- kinds of products. Terms are read from rows of type X and from weights of type Weight in lanes of `group` terms.

template <class V>
[[gnu::always_inline]] inline V load_lanes(const void* p) {
  using Element = std::remove_reference_t<decltype(V{}[0])>;
  return *static_cast<const typename VectorOf<Element, sizeof(V) / sizeof(Element)>::unaligned*>(p);
}

// int8 weights and rows of 8 bits. Rows of int8 are taken with 128 added to each element. `fitting`: of so many groups, one after the
// other, the products of each half of a group add up to no more than 16 bits hold; 0: not even those of one.
template <int fitting>
struct Bytes {
  static constexpr std::size_t group = 4;
  static constexpr bool packs_two = false, pairs = fitting > 0;
#if defined(__AVX2__) && !defined(__AVX512VNNI__)
  static constexpr std::size_t joined = fitting > 1 ? 2 : 1;  // groups of one step
#else
  static constexpr std::size_t joined = 1;
#endif
  static constexpr int lanes = inferc::lanes;
  using Weight = std::int8_t;
  using Sum = std::int32_t;
  using V = I32<lanes>;

  template <class X>
  [[gnu::always_inline]] static std::int32_t terms(const X* x) {
    static_assert(sizeof(X) == 1);
    std::uint32_t bits;
    __builtin_memcpy(&bits, x, 4);
    return static_cast<std::int32_t>(std::is_signed_v<X> ? bits ^ 0x80808080u : bits);
  }
  template <class X>
  [[gnu::always_inline]] static std::int32_t terms(const X* x, std::size_t n) {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < n; ++i) bits |= static_cast<std::uint32_t>(static_cast<std::uint8_t>(x[i])) << (8 * i);
    return static_cast<std::int32_t>(std::is_signed_v<X> ? bits ^ 0x80808080u : bits);
  }
  [[gnu::always_inline]] static V weights(const Weight* w) { return load_lanes<V>(w); }
  [[gnu::always_inline]] static V sum(V c) { return c; }
  [[gnu::always_inline]] static V dot(V c, std::int32_t x, V w) { return dot_bytes<(fitting > 0)>(c, splat_int<V>(x), w); }
  [[gnu::always_inline]] static V dot(V c, const std::int32_t (&x)[2], const V (&w)[2]) {
    return dot_two(c, splat_int<V>(x[0]), w[0], splat_int<V>(x[1]), w[1]);
  }
};

// Weights of 4 bits, two to a byte: groups 2 g and 2 g + 1 of a column share four, the first in the low halves. A half is brought to the
// top of its byte and read as 16 w, so that no sign is to be extended; sums are 16 times too large until they are finished. `fitting`: 1
// where two neighbouring products with 16 w are within 16 bits, else 0.
template <int fitting>
struct Nibbles : Bytes<fitting> {
  static constexpr bool packs_two = true;
  using Weight = std::uint8_t;
  using V = typename Bytes<fitting>::V;

  template <bool second>
  [[gnu::always_inline]] static V half(const Weight* w) {
    const V v = load_lanes<V>(w);
    return (second ? v : v << 4) & splat_int<V>(static_cast<std::int32_t>(0xf0f0f0f0u));
  }
  [[gnu::always_inline]] static V sum(V c) { return c >> 4; }
};

// int16 weights and rows of at most 16 bits. Rows of uint16 are taken with 32768 subtracted from each element.
struct Words {
  static constexpr std::size_t group = 2, joined = 1;
  static constexpr bool packs_two = false;
  static constexpr int lanes = inferc::lanes;
  using Weight = std::int16_t;
  using Sum = std::int32_t;
  using V = I32<lanes>;

  template <class X>
  [[gnu::always_inline]] static std::int32_t terms(const X* x) {
    return static_cast<std::int32_t>(word(x[0]) | word(x[1]) << 16);
  }
  template <class X>
  [[gnu::always_inline]] static std::int32_t terms(const X* x, std::size_t) {
    return static_cast<std::int32_t>(word(*x));
  }
  template <class X>
  [[gnu::always_inline]] static std::uint32_t word(X v) {
    const std::uint32_t bits = static_cast<std::uint16_t>(v);
    return std::is_same_v<X, std::uint16_t> ? bits ^ 0x8000u : bits;
  }
  [[gnu::always_inline]] static V weights(const Weight* w) { return load_lanes<V>(w); }
  [[gnu::always_inline]] static V sum(V c) { return c; }
  [[gnu::always_inline]] static V dot(V c, std::int32_t x, V w) { return dot_words(c, splat_int<V>(x), w); }
};

// int32 weights and any rows, sums of 64 bits.
struct Wide {
  static constexpr std::size_t group = 1, joined = 1;
  static constexpr bool packs_two = false;
  static constexpr int lanes = inferc::lanes / 2;
  using Weight = std::int32_t;
  using Sum = std::int64_t;
  using V = typename VectorOf<std::int64_t, lanes>::type;

  template <class X>
  [[gnu::always_inline]] static std::int64_t terms(const X* x) {
    return *x;
  }
  template <class X>
  [[gnu::always_inline]] static std::int64_t terms(const X* x, std::size_t) {
    return *x;
  }
  [[gnu::always_inline]] static V weights(const Weight* w) { return __builtin_convertvector(load_lanes<I32<lanes>>(w), V); }
  [[gnu::always_inline]] static V sum(V c) { return c; }
  [[gnu::always_inline]] static V dot(V c, std::int64_t x, V w) { return c + (x - V{}) * w; }
};

}  // namespace inferc::cpu::quantized
