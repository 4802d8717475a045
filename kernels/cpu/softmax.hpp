#pragma once
#include "kernels/cpu/fold.hpp"
#include "kernels/dim.hpp"

// Softmax and log-softmax, the same bits as kernels/ref/softmax.hpp.
namespace inferc::cpu {
namespace softmax_detail {

inline constexpr float lowest = -__builtin_inff();

// The larger of both; NaN in `a` is dropped: it comes back with exp(NaN - max).
struct larger {
  template <class V>
  [[gnu::always_inline]] static V apply(V largest, V a) {
    return a > largest ? a : largest;
  }
};
struct exponential {
  float top;
  [[gnu::always_inline]] F32x16 operator()(const F32x16& x) const {
    F32x16 r;
    for (int i = 0; i < F32x16::parts; ++i) r.part[i] = math::exp_of_nonpositive<Vec>(x.part[i] - splat<Vec>(top));
    return r;
  }
};

// The largest prepared element; prepared elements are left in y.
template <class N, class Prologue>
[[gnu::always_inline]] inline float largest(float* y, const float* x, N n, const Prologue& prologue, std::size_t row) {
  F32x16 top = F32x16::splat(lowest);
  for_each_16(0, n, [&](std::size_t j, auto count) {
    const F32x16 v = prepared(load16(x + j, count), prologue, row, j, count);
    if constexpr (!std::is_same_v<Prologue, NoEpilogue>) store16(y + j, v, count);
    top = zip<larger>(top, keep_first(v, count, lowest));
  });
  return top.fold(Join<larger>{});
}

template <class N>
[[gnu::always_inline]] inline void scale_row(float* y, N n, float scale) {
  for_each_16(0, n, [&](std::size_t j, auto count) { store16(y + j, zip<functors::mul>(load16(y + j, count), F32x16::splat(scale)), count); });
}

}  // namespace softmax_detail

// Rows [begin, end) of out = softmax(prologue(in)); strides in elements.
template <class B, class E, class LDO, class LDI, class N, class Prologue>
void softmax(Range<B, E> rows, float* out, LDO ldo, const float* in, LDI ldi, N n, Prologue prologue) {
  using namespace softmax_detail;
  if (n == 0) return;  // else 1 / 0 and log(0) raise a flag that no element needs
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    float* y = out + row * ldo;
    const float* x = in + row * ldi;
    const float top = largest(y, x, n, prologue, row);
    const float* from = std::is_same_v<Prologue, NoEpilogue> ? x : y;
    const float total = fold_row<functors::add>(n, 0.0f, [&](std::size_t j, auto count) {
      const F32x16 e = exponential{top}(load16(from + j, count));
      store16(y + j, e, count);
      return e;
    });
    scale_row(y, n, 1.0f / total);
  }
}

template <class B, class E, class LDO, class LDI, class N, class Prologue>
void log_softmax(Range<B, E> rows, float* out, LDO ldo, const float* in, LDI ldi, N n, Prologue prologue) {
  using namespace softmax_detail;
  if (n == 0) return;  // else 1 / 0 and log(0) raise a flag that no element needs
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    float* y = out + row * ldo;
    const float* x = in + row * ldi;
    const float top = largest(y, x, n, prologue, row);
    const float* from = std::is_same_v<Prologue, NoEpilogue> ? x : y;
    const float total = fold_row<functors::add>(n, 0.0f, [&](std::size_t j, auto count) { return exponential{top}(load16(from + j, count)); });
    const float log_total = functors::log::apply(total);
    for_each_16(0, n, [&](std::size_t j, auto count) {
      const F32x16 centred = zip<functors::sub>(load16(from + j, count), F32x16::splat(top));
      store16(y + j, zip<functors::sub>(centred, F32x16::splat(log_total)), count);
    });
  }
}

namespace softmax_detail {

// Columns [col, col + count) of [n, inner].
template <bool logarithm, class Count>
[[gnu::always_inline]] inline void columns(float* out, const float* in, std::size_t n, std::size_t inner, Count count) {
  Vec top = splat<Vec>(lowest);
  for (std::size_t j = 0; j < n; ++j) top = larger::apply(top, load_valid<Vec>(in + j * inner, count));
  for (std::size_t j = 0; j < n; ++j) {
    const Vec centred = load_valid<Vec>(in + j * inner, count) - top;
    store_valid(out + j * inner, logarithm ? centred : math::exp<Vec>(centred), count);
  }
  const Vec total = fold_columns<functors::add, Vec>(n, 0.0f, [&](std::size_t j) {
    const Vec v = load_valid<Vec>(out + j * inner, count);
    if constexpr (logarithm) return math::exp<Vec>(v);
    else return v;
  });
  const Vec scale = logarithm ? math::log<Vec>(total) : 1.0f / total;
  for (std::size_t j = 0; j < n; ++j) {
    const Vec v = load_valid<Vec>(out + j * inner, count);
    store_valid(out + j * inner, logarithm ? v - scale : v * scale, count);
  }
}

}  // namespace softmax_detail

// Along the middle axis of [outer, n, inner], for the outer indices of the range.
template <class B, class E>
void softmax_columns(Range<B, E> outer, float* out, const float* in, std::size_t n, std::size_t inner) {
  if (n == 0) return;
  for (std::size_t o = outer.begin; o < outer.end; ++o)
    for_each_column(inner,
                    [&](std::size_t i, auto count) { softmax_detail::columns<false>(out + o * n * inner + i, in + o * n * inner + i, n, inner, count); });
}
template <class B, class E>
void log_softmax_columns(Range<B, E> outer, float* out, const float* in, std::size_t n, std::size_t inner) {
  if (n == 0) return;
  for (std::size_t o = outer.begin; o < outer.end; ++o)
    for_each_column(inner, [&](std::size_t i, auto count) { softmax_detail::columns<true>(out + o * n * inner + i, in + o * n * inner + i, n, inner, count); });
}

}  // namespace inferc::cpu
