#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>

#include "kernels/cpu/quantized/dot.hpp"
#include "kernels/fixed.hpp"

// What happens to sums in registers before they are stored: fixed::Step known at compile time.
namespace inferc::cpu::quantized {

// Rows of `stride` numbers, one for each column of the result; whole vectors can be read from any column that exists.
template <class Sum>
struct Table {
  const Sum* data;
  std::size_t stride;
};

// An operand of a step: a number, or row I of the table.
template <std::int64_t value>
struct Is {
  template <class V, class Sum>
  [[gnu::always_inline]] static V get(const Table<Sum>&, std::size_t) {
    return static_cast<Sum>(value) - V{};
  }
};
template <std::size_t row>
struct Row {
  template <class V, class Sum>
  [[gnu::always_inline]] static V get(const Table<Sum>& table, std::size_t col) {
    return load_lanes<V>(table.data + row * table.stride + col);
  }
};

template <class A>
struct Add {
  template <class V, class T>
  [[gnu::always_inline]] static V apply(V v, const T& table, std::size_t col) {
    return v + A::template get<V>(table, col);
  }
};
template <class A>
struct ShiftLeft {
  template <class V, class T>
  [[gnu::always_inline]] static V apply(V v, const T& table, std::size_t col) {
    return v << A::template get<V>(table, col);
  }
};
template <fixed::Round mode, class A>
struct ShiftRight {
  template <class V, class T>
  [[gnu::always_inline]] static V apply(V v, const T& table, std::size_t col) {
    return fixed::shift_right<mode>(v, A::template get<V>(table, col));
  }
};
template <class A>
struct AtLeast {
  template <class V, class T>
  [[gnu::always_inline]] static V apply(V v, const T& table, std::size_t col) {
    return fixed::at_least(v, A::template get<V>(table, col));
  }
};
template <class A>
struct AtMost {
  template <class V, class T>
  [[gnu::always_inline]] static V apply(V v, const T& table, std::size_t col) {
    return fixed::at_most(v, A::template get<V>(table, col));
  }
};
template <class A, class B>
struct Wrap {
  template <class V, class T>
  [[gnu::always_inline]] static V apply(V v, const T& table, std::size_t col) {
    return fixed::wrap(v, A::template get<V>(table, col), B::template get<V>(table, col));
  }
};
template <class A, class B>
struct Leaky {
  template <class V, class T>
  [[gnu::always_inline]] static V apply(V v, const T& table, std::size_t col) {
    return fixed::leaky(v, A::template get<V>(table, col), B::template get<V>(table, col));
  }
};

// A and B are bits of floats.
template <class A, class B>
struct Rescale {
  template <class V, class T>
  [[gnu::always_inline]] static V apply(V v, const T& table, std::size_t col) {
    using F = typename VectorOf<float, sizeof(V) / sizeof(v[0])>::type;
    static_assert(sizeof(F) == sizeof(V));
    return fixed::rescaled(v, bit_cast<F>(A::template get<V>(table, col)), bit_cast<F>(B::template get<V>(table, col)));
  }
};

// All of them, first to last.
template <class... S>
struct Steps {
  template <class V, class T>
  [[gnu::always_inline]] static V apply(V v, [[maybe_unused]] const T& table, [[maybe_unused]] std::size_t col) {
    ((v = S::apply(v, table, col)), ...);
    return v;
  }
};

// Steps that begin by adding row R of the table, with which a sum may start as well: `rest` are those after that.
template <class S>
struct Start {
  static constexpr bool is_row = false;
};
template <std::size_t R, class... S>
struct Start<Steps<Add<Row<R>>, S...>> {
  static constexpr bool is_row = true;
  static constexpr std::size_t row = R;
  using rest = Steps<S...>;
};

#if defined(__AVX2__)
// Compilers know no short way from 32 bits to 8. Words of two vectors, 4 and 4 in each quarter (half with AVX2); the bytes of two such,
// of all four vectors in order.
template <class V>
[[gnu::always_inline]] inline auto words_of(V a, V b) {
  typename VectorOf<std::int16_t, sizeof(V) / 2>::type out;
  __asm__("vpackssdw %2, %1, %0" : "=v"(out) : "v"(a), "v"(b));
  return out;
}
template <class O, class W>
[[gnu::always_inline]] inline auto bytes_of(W ab, W cd) {
  using Places = I32<sizeof(W) / 4>;
  Places places;
  if constexpr (sizeof(W) == 64) places = Places{0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15};
  else places = Places{0, 4, 1, 5, 2, 6, 3, 7};
  typename VectorOf<O, sizeof(W)>::type mixed, out;
  if constexpr (std::is_signed_v<O>) __asm__("vpacksswb %2, %1, %0" : "=v"(mixed) : "v"(ab), "v"(cd));
  else __asm__("vpackuswb %2, %1, %0" : "=v"(mixed) : "v"(ab), "v"(cd));
  __asm__("vpermd %1, %2, %0" : "=v"(out) : "v"(mixed), "v"(places));
  return out;
}
#endif

// Elements as O, which holds them.
template <class O, class V>
[[gnu::always_inline]] inline auto narrowed(V v) {
  using Out = typename VectorOf<O, sizeof(V) / sizeof(v[0])>::type;
#if defined(__AVX2__) && !defined(__AVX512F__)
  if constexpr (sizeof(O) == 1 && std::is_same_v<V, I32<8>>) {
    const auto words = words_of(v, v);
    return bit_cast<Out>(bit_cast<VectorOf<long long, 4>::type>(bytes_of<O>(words, words))[0]);
  }
#endif
  return __builtin_convertvector(v, Out);
}

// Elements of the result: integers that hold the value, or the next within low and high; or integer * 2^-fraction in float, rounded once.
// `together`: of `count` vectors, one behind the other, so many that are shorter done at once.
template <class O>
struct To {
  using type = O;
  template <class V, std::size_t count>
  static constexpr std::size_t together = 1;
  template <class V>
  [[gnu::always_inline]] static auto apply(V v) {
    return narrowed<O>(v);
  }
};
template <class O, std::int64_t low, std::int64_t high>
struct Within {
  using type = O;
#if defined(__AVX2__)
  template <class V, std::size_t count>
  static constexpr std::size_t together = !std::is_same_v<V, I32<lanes>> || sizeof(O) != 1 ? 1
                                          : count % 4 == 0                                 ? 4
                                          : count % 2 == 0                                 ? 2
                                                                                           : 1;
#else
  template <class V, std::size_t count>
  static constexpr std::size_t together = 1;
#endif
  template <class V>
  [[gnu::always_inline]] static V bounded(V v) {
    using Element = std::remove_reference_t<decltype(v[0])>;
    if constexpr (low > limits::lowest<Element>) v = fixed::at_least(v, static_cast<Element>(low) - V{});
    if constexpr (high < limits::highest<Element>) v = fixed::at_most(v, static_cast<Element>(high) - V{});
    return v;
  }
  template <class V>
  [[gnu::always_inline]] static auto apply(V v) {
    return narrowed<O>(bounded(v));
  }
#if defined(__AVX2__)
  // Bytes saturate by themselves, to what holds low and high.
  template <class V>
  [[gnu::always_inline]] static auto apply(V a, V b, V c, V d) {
    return bounded(bytes_of<O>(words_of(a, b), words_of(c, d)));
  }
  template <class V>
  [[gnu::always_inline]] static auto apply(V a, V b) {
    struct Halves {
      typename VectorOf<O, sizeof(V) / 2>::type first, second;
    };
    return bit_cast<Halves>(apply(a, b, a, b)).first;
  }
#endif
};
template <int fraction>
struct ToFloat {
  using type = float;
  template <class V, std::size_t count>
  static constexpr std::size_t together = 1;
  template <class V>
  [[gnu::always_inline]] static auto apply(V v) {
    constexpr float step = bit_cast<float>(static_cast<std::int32_t>(127 - fraction) << 23);
    static_assert(fraction > -127 && fraction < 127);
    using Out = typename VectorOf<float, sizeof(V) / sizeof(v[0])>::type;
    return __builtin_convertvector(v, Out) * (step - Out{});
  }
};

// Parts of v, of `bytes` each and `stride` apart.
template <std::size_t bytes, class V>
[[gnu::always_inline]] inline void store_parts(unsigned char* to, std::size_t stride, const V& v) {
#if defined(__AVX512F__)
  if constexpr (sizeof(V) == 64 && bytes == 32) {  // compilers go through memory
    using Half = VectorOf<unsigned char, 32>::unaligned;
    __asm__("vextracti64x4 $0, %1, %0" : "=m"(*reinterpret_cast<Half*>(to)) : "v"(v));
    __asm__("vextracti64x4 $1, %1, %0" : "=m"(*reinterpret_cast<Half*>(to + stride)) : "v"(v));
    return;
  }
#elif defined(__AVX2__)
  if constexpr (sizeof(V) == 32 && bytes == 16) {
    using Half = VectorOf<long long, 2>::unaligned;
    const auto quads = bit_cast<VectorOf<long long, 4>::type>(v);
    *reinterpret_cast<Half*>(to) = __builtin_ia32_extract128i256(quads, 0);
    *reinterpret_cast<Half*>(to + stride) = __builtin_ia32_extract128i256(quads, 1);
    return;
  }
#endif
  const auto* const from = reinterpret_cast<const unsigned char*>(&v);
  for (std::size_t i = 0; i < sizeof(V) / bytes; ++i) __builtin_memcpy(to + i * stride, from + i * bytes, bytes);
}

// The first n elements of v, n <= its lanes, by pieces of halved sizes.
template <std::size_t bytes>
[[gnu::always_inline]] inline void store_pieces(unsigned char* to, const unsigned char* from, std::size_t n) {
  if (n & bytes) __builtin_memcpy(to, from, bytes);
  if constexpr (bytes > 1) store_pieces<bytes / 2>(to + (n & bytes), from + (n & bytes), n);
}
template <class O, class V>
[[gnu::always_inline]] inline void store_lanes(O* to, V v, std::size_t n) {
  if (n == sizeof(V) / sizeof(O)) {
    __builtin_memcpy(to, &v, sizeof(V));
  } else if constexpr (std::is_same_v<V, Vec>) {
    store_first(to, v, n);
  } else {
    unsigned char kept[sizeof(V)];
    __builtin_memcpy(kept, &v, sizeof(V));
    store_pieces<sizeof(V) / 2>(reinterpret_cast<unsigned char*>(to), kept, n * sizeof(O));
  }
}

}  // namespace inferc::cpu::quantized
