#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>

#include "kernels/cpu/quantized/dot.hpp"
#include "kernels/cpu/quantized/steps.hpp"
#include "kernels/dim.hpp"
#include "kernels/fixed.hpp"

// One element of a tensor of integers at a time.
namespace inferc::cpu::quantized {

template <class Sum>
using SumVector = typename VectorOf<Sum, lanes * 4 / static_cast<int>(sizeof(Sum))>::type;

// As many elements of 8 or 16 bits as V has, each as 32 bits: what compilers make of a conversion takes the elements one by one.
template <class V, class X>
[[gnu::always_inline]] inline V widened(const X* x) {
  using Elements = VectorOf<X, sizeof(V) / sizeof(V{}[0])>;
#if defined(__AVX2__)
  if constexpr (sizeof(V{}[0]) == 4 && sizeof(X) < 4) {
    const auto& from = *reinterpret_cast<const typename Elements::unaligned*>(x);
    V out;
    if constexpr (std::is_same_v<X, std::int8_t>) __asm__("vpmovsxbd %1, %0" : "=v"(out) : "m"(from));
    else if constexpr (std::is_same_v<X, std::uint8_t>) __asm__("vpmovzxbd %1, %0" : "=v"(out) : "m"(from));
    else if constexpr (std::is_same_v<X, std::int16_t>) __asm__("vpmovsxwd %1, %0" : "=v"(out) : "m"(from));
    else __asm__("vpmovzxwd %1, %0" : "=v"(out) : "m"(from));
    return out;
  }
#endif
  typename Elements::type v;
  __builtin_memcpy(&v, x, sizeof(v));
  return __builtin_convertvector(v, V);
}
// W elements as Sum, or the first n of them and zeros.
template <class V, class X>
[[gnu::always_inline]] inline V load_as(const X* x, std::size_t n) {
  constexpr std::size_t W = sizeof(V) / sizeof(V{}[0]);
  if (n >= W) return widened<V>(x);
  typename VectorOf<X, W>::type v{};
  for (std::size_t i = 0; i < n; ++i) v[i] = x[i];
  return __builtin_convertvector(v, V);
}

// y[r, c] = Out(S(x[r, c])) for the rows `rows`; the rows of `table` are padded to a multiple of 16 columns.
template <class S, class Out, class B, class E, class X, class Sum, class N>
inline void map(Range<B, E> rows, typename Out::type* y, const X* x, const Sum* table, N cols) {
  using V = SumVector<Sum>;
  constexpr std::size_t W = sizeof(V) / sizeof(Sum);
  const Table<Sum> t{table, (cols + 15) / 16 * 16};
  for (std::size_t r = rows.begin; r < rows.end; ++r)
    for (std::size_t c = 0; c < cols; c += W) {
      const std::size_t n = cols - c < W ? cols - c : W;
      store_lanes(y + r * cols + c, Out::apply(S::apply(load_as<V>(x + r * cols + c, n), t, c)), n);
    }
}

// y[i] = Out(S(a[i] 2^shift_a + b[i] 2^shift_b)), one column for all; `table` is as long as a vector.
template <int shift_a, int shift_b, class S, class Out, class B, class E, class X, class Sum>
inline void add(Range<B, E> rows, typename Out::type* y, const X* a, const X* b, const Sum* table, std::size_t n) {
  using V = SumVector<Sum>;
  constexpr std::size_t W = sizeof(V) / sizeof(Sum);
  constexpr Sum unit_a = Sum{1} << shift_a, unit_b = Sum{1} << shift_b;
  const Table<Sum> t{table, 16};
  for (std::size_t r = rows.begin; r < rows.end; ++r)
    for (std::size_t i = r * n; i < (r + 1) * n; i += W) {
      const std::size_t left = (r + 1) * n - i < W ? (r + 1) * n - i : W;
      const V sum = load_as<V>(a + i, left) * (unit_a - V{}) + load_as<V>(b + i, left) * (unit_b - V{});
      store_lanes(y + i, Out::apply(S::apply(sum, t, 0)), left);
    }
}

// y[i] = entries[place(x[i], i)] for i from `begin` to `end`. Eight elements are read before the first is written: y may be of a type that
// compilers take for one that aliases anything.
template <class O, class X, class F>
[[gnu::always_inline]] inline void look_up(O* y, const X* x, const O* entries, std::size_t begin, std::size_t end, F place) {
  constexpr std::size_t block = 8;
  std::size_t i = begin;
  for (; i + block <= end; i += block) {
    O kept[block];
    for (std::size_t k = 0; k < block; ++k) kept[k] = entries[place(x[i + k], i + k)];
    __builtin_memcpy(y + i, kept, sizeof(kept));
  }
  for (; i < end; ++i) y[i] = entries[place(x[i], i)];
}

// y[i] = table[x[i] - first] for the rows `rows` of n elements.
template <std::int64_t first, class B, class E, class O, class X>
inline void table(Range<B, E> rows, O* y, const X* x, const O* entries, std::size_t n) {
  look_up(y, x, entries, rows.begin * n, rows.end * n, [](X v, std::size_t) __attribute__((always_inline)) { return static_cast<std::ptrdiff_t>(v) - first; });
}

// y[r, c, i] = table[x[r, c, i] + offset[c]] for the rows `rows` of columns of `inner` elements.
template <class B, class E, class O, class X, class C, class I>
inline void tables(Range<B, E> rows, O* y, const X* x, const O* entries, const std::int32_t* offset, C cols, I inner) {
  // A scalar: compilers that add offsets as a vector take it apart again.
  const auto by_column = [&](X v, std::size_t c) __attribute__((always_inline)) {
    std::ptrdiff_t at = static_cast<std::ptrdiff_t>(v) + offset[c];
    asm("" : "+r"(at));
    return at;
  };
  for (std::size_t r = rows.begin; r < rows.end; ++r) {
    const std::size_t row = r * cols * inner;
    if (inner == 1) {
      look_up(y + row, x + row, entries, 0, cols, by_column);
      continue;
    }
    for (std::size_t c = 0; c < cols; ++c)
      look_up(y + row, x + row, entries + offset[c], c * inner, (c + 1) * inner,
              [](X v, std::size_t) __attribute__((always_inline)) { return static_cast<std::ptrdiff_t>(v); });
  }
}

// y[i] = x[i] / scale rounded to even, + zero, within the bounds of O, 16 bits at most; NaN gives the lowest.
template <class B, class E, class O>
inline void quantize_linear(Range<B, E> rows, O* y, const float* x, const float* scale, const O* zero, std::size_t n) {
  const Vec s = splat<Vec>(*scale), z = splat<Vec>(static_cast<float>(*zero));
  const Vec low = splat<Vec>(static_cast<float>(limits::lowest<O>)), high = splat<Vec>(static_cast<float>(limits::highest<O>));
  for (std::size_t i = rows.begin * n; i < rows.end * n; i += lanes) {
    const std::size_t left = rows.end * n - i < lanes ? rows.end * n - i : lanes;
    const Vec v = left == lanes ? load<Vec>(x + i) : load_first<Vec>(x + i, left);
    Vec q = math::rint(v / s) + z;
    q = q > low ? q : low;
    q = q < high ? q : high;
    store_lanes(y + i, narrowed<O>(__builtin_convertvector(q, I32<lanes>)), left);
  }
}

// y[i] = (x[i] - zero) scale.
template <class B, class E, class X>
inline void dequantize_linear(Range<B, E> rows, float* y, const X* x, const float* scale, const X* zero, std::size_t n) {
  const Vec s = splat<Vec>(*scale);
  const auto z = static_cast<std::int32_t>(*zero) - I32<lanes>{};
  for (std::size_t i = rows.begin * n; i < rows.end * n; i += lanes) {
    const std::size_t left = rows.end * n - i < lanes ? rows.end * n - i : lanes;
    store_lanes(y + i, __builtin_convertvector(load_as<I32<lanes>>(x + i, left) - z, Vec) * s, left);
  }
}

// A parameter of a quantiser: one for all columns, or one for each.
struct Same {
  const float* data;
  [[gnu::always_inline]] Vec get(std::size_t, std::size_t) const { return splat<Vec>(*data); }
};
struct Each {
  const float* data;
  [[gnu::always_inline]] Vec get(std::size_t col, std::size_t n) const {
    return n == lanes ? load<Vec>(data + col) : load_first<Vec>(data + col, n, splat<Vec>(1.0f));
  }
};

// The integers of n elements from column c on.
template <fixed::Round mode, bool wraps, class Scale, class Low, class High>
struct Quantiser {
  Scale scale;
  Low low;
  High high;
  [[gnu::always_inline]] I32<lanes> get(const float* x, std::size_t c, std::size_t n) const {
    const Vec v = n == lanes ? load<Vec>(x + c) : load_first<Vec>(x + c, n);
    return __builtin_convertvector(fixed::quantised<mode>(v, scale.get(c, n), low.get(c, n), high.get(c, n), wraps), I32<lanes>);
  }
  // Vectors I, I + 1 ... of whole ones, narrowed together.
  template <class Bytes, std::size_t... I>
  [[gnu::always_inline]] auto together(const float* x, std::size_t c, std::index_sequence<I...>) const {
    return Bytes::apply(get(x, c + I * lanes, lanes)...);
  }
  // Whole vectors from column c on, `most` at once where O's are narrowed together, then fewer.
  template <std::size_t most, class O>
  [[gnu::always_inline]] std::size_t whole(O* y, const float* x, std::size_t c, std::size_t cols) const {
    using All = Within<O, limits::lowest<O>, limits::highest<O>>;
    constexpr std::size_t n = All::template together<I32<lanes>, most>;
    if constexpr (n == 1) {
      return c;
    } else {
      for (; c + n * lanes <= cols; c += n * lanes) {
        const auto bytes = together<All>(x, c, std::make_index_sequence<n>{});
        __builtin_memcpy(y + c, &bytes, sizeof(bytes));
      }
      return whole<n / 2>(y, x, c, cols);
    }
  }
};

// y[r, c] = the integer that x[r, c] quantised is a multiple of 1 / scale by.
template <fixed::Round mode, bool wraps, class Scale, class Low, class High, class B, class E, class O, class N>
inline void to_integer(Range<B, E> rows, O* y, const float* x, const float* scale, const float* low, const float* high, N cols) {
  const Quantiser<mode, wraps, Scale, Low, High> q{{scale}, {low}, {high}};
  for (std::size_t r = rows.begin; r < rows.end; ++r) {
    const float* const from = x + r * cols;
    for (std::size_t c = q.template whole<4>(y + r * cols, from, 0, cols); c < cols; c += lanes) {
      const std::size_t n = cols - c < lanes ? cols - c : lanes;
      store_lanes(y + r * cols + c, narrowed<O>(q.get(from, c, n)), n);
    }
  }
}

}  // namespace inferc::cpu::quantized
