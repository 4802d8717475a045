#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>

#include "kernels/dim.hpp"
#include "kernels/ref/top_k.hpp"
#include "kernels/simd.hpp"

// The k largest or smallest of each row, sorted; the same elements as kernels/ref/top_k.hpp: of equal ones the lower
// index first, NaN the largest, zeros of either sign equal.
//
// Elements become integers of the same order; bisection on their value finds the k-th; the elements before it, and as
// many of those equal to it as are left, are collected in order of index; each goes to the place that is the number of
// collected ones before it.
namespace inferc::cpu {

// Rows up to this long, k up to top_k_longest_result: buffers on the stack.
inline constexpr std::size_t top_k_longest_row = 1024, top_k_longest_result = 256;

namespace top_k_detail {

using Keys = IntOf<Vec>;

[[gnu::always_inline]] inline Keys load_keys(const std::int32_t* p) { return *reinterpret_cast<const typename VectorOf<std::int32_t, lanes>::unaligned*>(p); }
[[gnu::always_inline]] inline void store_keys(std::int32_t* p, Keys v) { *reinterpret_cast<typename VectorOf<std::int32_t, lanes>::unaligned*>(p) = v; }

// Larger keys come first. The bits of a negative float in reverse order; + 0.0f joins the zeros; all ones below the
// sign for NaN.
template <bool largest>
[[gnu::always_inline]] inline Keys keys(Vec x) {
  const Keys bits = bit_cast<Keys>(x + 0.0f);
  const Keys ordered = bits ^ ((bits >> 31) & splat_int<Vec>(0x7fffffff));
  const Keys k = x == x ? ordered : splat_int<Vec>(0x7fffffff);
  return largest ? k : ~k;
}

template <int N>
[[gnu::always_inline]] inline std::int32_t total(I32<N> v) {
  if constexpr (N == 4) {
    return (v[0] + v[2]) + (v[1] + v[3]);
  } else {
    struct Halves {
      I32<N / 2> low, high;
    };
    const auto h = bit_cast<Halves>(v);
    return total<N / 2>(h.low + h.high);
  }
}

// How many of the n keys (a multiple of the vector) are >= bound.
[[gnu::always_inline]] inline std::size_t count_from(const std::int32_t* key, std::size_t n, std::int32_t bound) {
  Keys count{};
  for (std::size_t j = 0; j < n; j += lanes) count -= load_keys(key + j) >= splat_int<Vec>(bound);
  return static_cast<std::size_t>(total<lanes>(count));
}

// A bound with fewer than k keys, or exactly k, above it, and at least k from it on.
[[gnu::always_inline]] inline std::int32_t kth(const std::int32_t* key, std::size_t n, std::size_t k) {
  std::int64_t low = INT32_MIN, high = INT32_MAX;
  while (low < high) {
    const std::int64_t middle = low + (high - low + 1) / 2;
    const std::size_t count = count_from(key, n, static_cast<std::int32_t>(middle));
    if (count == k) return static_cast<std::int32_t>(middle - 1);
    if (count > k) low = middle;
    else high = middle - 1;
  }
  return static_cast<std::int32_t>(low);
}

// Indices of the k first keys, ascending: all above the bound, the rest from those equal to it. `padded` keys count.
[[gnu::always_inline]] inline void collect(std::int32_t* at, const std::int32_t* key, std::size_t n, std::size_t padded, std::size_t k, std::int32_t bound) {
  const std::size_t above = bound == INT32_MAX ? 0 : count_from(key, padded, bound + 1);
  std::size_t equal_left = k - above, taken = 0;
  for (std::size_t j = 0; j < n; ++j) {
    const bool equal = (key[j] == bound) & (equal_left > 0);
    equal_left -= equal;
    at[taken] = static_cast<std::int32_t>(j);
    taken += (key[j] > bound) | equal;
  }
}

template <std::size_t... I>
[[gnu::always_inline]] inline Keys numbered(std::index_sequence<I...>) {
  return Keys{static_cast<std::int32_t>(I)...};
}

// The place of collected key i: larger ones, and equal ones collected earlier. Padding keys are the smallest and come
// later than all.
[[gnu::always_inline]] inline std::size_t place(const std::int32_t* picked, std::size_t padded, std::size_t i) {
  const Keys own = splat_int<Vec>(picked[i]), number = splat_int<Vec>(static_cast<std::int32_t>(i));
  Keys before{}, index = numbered(std::make_index_sequence<lanes>{});
  for (std::size_t j = 0; j < padded; j += lanes, index += lanes) {
    const Keys other = load_keys(picked + j);
    before -= (other > own) | ((other == own) & (index < number));
  }
  return static_cast<std::size_t>(total<lanes>(before));
}

template <bool largest>
inline void row(float* values, std::int64_t* indices, const float* x, std::size_t n, std::size_t k) {
  alignas(64) std::int32_t key[top_k_longest_row + lanes];
  alignas(64) std::int32_t at[top_k_longest_result + lanes], picked[top_k_longest_result + lanes];
  std::size_t j = 0;
  for (; j + lanes <= n; j += lanes) store_keys(key + j, keys<largest>(load<Vec>(x + j)));
  if (j < n) {
    const Keys last = keys<largest>(load_first<Vec>(x + j, n - j));
    store_keys(key + j, lanes_below<Vec>(n - j) ? last : splat_int<Vec>(INT32_MIN));
    j += lanes;
  }
  collect(at, key, n, j, k, kth(key, j, k));
  const std::size_t padded = (k + lanes - 1) / lanes * lanes;
  for (std::size_t i = 0; i < padded; ++i) picked[i] = i < k ? key[at[i]] : INT32_MIN;
  for (std::size_t i = 0; i < k; ++i) {
    const std::size_t to = place(picked, padded, i);
    values[to] = x[at[i]];
    indices[to] = at[i];
  }
}

}  // namespace top_k_detail

// Rows [begin, end) of n elements, k <= n; rows too long for the buffers are left to the definition.
template <class B, class E>
void top_k(Range<B, E> rows, float* values, std::int64_t* indices, const float* in, std::size_t n, std::size_t k, bool largest) {
  if (n > top_k_longest_row || k > top_k_longest_result) {
    const std::size_t first = rows.begin;
    ref::top_k(values + first * k, indices + first * k, in + first * n, rows.end - first, n, 1, k, largest);
    return;
  }
  if (k == 0) return;
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    if (largest) top_k_detail::row<true>(values + row * k, indices + row * k, in + row * n, n, k);
    else top_k_detail::row<false>(values + row * k, indices + row * k, in + row * n, n, k);
  }
}

}  // namespace inferc::cpu
