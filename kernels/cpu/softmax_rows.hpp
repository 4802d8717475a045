#pragma once
#include <cstddef>

#include "kernels/bits.hpp"
#include "kernels/math.hpp"
#include "kernels/simd.hpp"

// Softmax of rows in scratch, in the order of kernels/ref/softmax.hpp and kernels/ref/sum.hpp.
namespace inferc::cpu {
namespace softmax_rows_detail {

// 16 to 8 to 4 to 2 to 1: lane i takes lane i + half.
template <class V, class F>
[[gnu::always_inline]] inline float fold(V v, F f) {
  if constexpr (lane_count<V> == 4) {
    return f(f(v[0], v[2]), f(v[1], v[3]));
  } else {
    using Half = F32<lane_count<V> / 2>;
    struct Halves {
      Half low, high;
    };
    const Halves h = bit_cast<Halves>(v);
    return fold(f(h.low, h.high), f);
  }
}
template <class F>
[[gnu::always_inline]] inline float fold(const F32x16& v, F f) {
  if constexpr (F32x16::parts == 1) return fold(v.part[0], f);
  else if constexpr (F32x16::parts == 2) return fold(f(v.part[0], v.part[1]), f);
  else return fold(f(f(v.part[0], v.part[2]), f(v.part[1], v.part[3])), f);
}

struct Larger {  // NaN may be dropped: it comes back with exp(NaN - top)
  template <class V>
  [[gnu::always_inline]] V operator()(V a, V b) const {
    return a > b ? a : b;
  }
};
struct Plus {
  template <class V>
  [[gnu::always_inline]] V operator()(V a, V b) const {
    return a + b;
  }
};

[[gnu::always_inline]] inline float largest(const float* x, std::size_t n) {
  F32x16 top = F32x16::splat(-__builtin_inff());
  for (std::size_t j = 0; j < n; j += 16) top = F32x16::zip(F32x16::load(x + j), top, Larger{});
  return fold(top, Larger{});
}

// e^(x - top) in place; their sum over one block of at most 1,024 elements.
[[gnu::always_inline]] inline float exponentials(float* x, std::size_t n, float top) {
  F32x16 sum = F32x16::splat(0);
  for (std::size_t j = 0; j < n; j += 16)
    for (std::size_t p = 0; p < F32x16::parts; ++p) {
      const Vec e = math::exp_of_nonpositive(load<Vec>(x + j + p * lanes) - top);
      store(x + j + p * lanes, e);
      sum.part[p] = sum.part[p] + e;
    }
  return fold(sum, Plus{});
}

// Totals of blocks added pairwise, level by level; an odd one is carried up.
struct PairwiseTotal {
  float level[54];
  std::size_t blocks = 0;

  [[gnu::always_inline]] void add(float total) {
    int l = 0;
    for (; (blocks >> l & 1) != 0; ++l) total = level[l] + total;
    level[l] = total;
    ++blocks;
  }
  [[gnu::always_inline]] float total() const {
    float sum = 0;
    bool any = false;
    for (int l = 0; l < 54 && (blocks >> l) != 0; ++l) {
      if ((blocks >> l & 1) == 0) continue;
      sum = any ? level[l] + sum : level[l];
      any = true;
    }
    return sum;
  }
};

// e^(x - top) in place; their sum in the order of all sums.
[[gnu::always_inline]] inline float exponentials_of_row(float* x, std::size_t n, float top) {
  if (n <= 1024) return exponentials(x, n, top);
  PairwiseTotal totals;
  for (std::size_t at = 0; at < n; at += 1024) totals.add(exponentials(x + at, n - at < 1024 ? n - at : 1024, top));
  return totals.total();
}

}  // namespace softmax_rows_detail

// Rows of n elements in place, n a multiple of 16: -inf fills up what is shorter. Each step over all rows, up to Most: one row's waits
// for its largest element, for its sum and for the quotient. `nan_to_zero`: what comes out NaN becomes 0.
template <std::size_t Most>
inline void softmax_rows(float* x, std::size_t rows, std::size_t n, bool nan_to_zero) {
  using namespace softmax_rows_detail;
  float top[Most], scale[Most];
  for (std::size_t i = 0; i < rows; ++i) top[i] = largest(x + i * n, n);
  for (std::size_t i = 0; i < rows; ++i) scale[i] = exponentials_of_row(x + i * n, n, top[i]);
  for (std::size_t i = 0; i < rows; ++i) scale[i] = 1.0f / scale[i];
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < n; j += lanes) {
      const Vec y = load<Vec>(x + i * n + j) * scale[i];
      store(x + i * n + j, nan_to_zero ? (y == y ? y : Vec{}) : y);
    }
}

}  // namespace inferc::cpu
