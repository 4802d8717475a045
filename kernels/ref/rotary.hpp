#pragma once
#include "kernels/fault.hpp"
#include "kernels/functors.hpp"
#include "kernels/ref/product_sum.hpp"
#include "kernels/view.hpp"

namespace inferc::ref {

struct OwnPositions {};  // in place of a pointer to position_ids: cos and sin are [batch, seq, half]

namespace rotary_detail {

inline bool positions_fit(OwnPositions, std::size_t, std::size_t) { return true; }
inline bool positions_fit(const std::int64_t* ids, std::size_t count, std::size_t rows) {
  for (std::size_t k = 0; k < count; ++k)
    if (ids[k] < 0 || static_cast<std::size_t>(ids[k]) >= rows) return false;
  return true;
}

template <int R>
float angle(const View<const float, R>& v, OwnPositions, std::size_t b, std::size_t s, std::size_t, std::size_t k) {
  return v.data[static_cast<std::ptrdiff_t>(b) * v.stride[R - 3] + static_cast<std::ptrdiff_t>(s) * v.stride[R - 2] +
                static_cast<std::ptrdiff_t>(k) * v.stride[R - 1]];
}
template <int R>
float angle(const View<const float, R>& v, const std::int64_t* ids, std::size_t b, std::size_t s, std::size_t seq, std::size_t k) {
  return v.data[static_cast<std::ptrdiff_t>(ids[b * seq + s]) * v.stride[R - 2] + static_cast<std::ptrdiff_t>(k) * v.stride[R - 1]];
}

}  // namespace rotary_detail

// Pairs (x1, x2) of the first 2 half elements of each head, neighbours if interleaved, else half apart, become
// (cos x1 - sin x2, sin x1 + cos x2); the others are copied. x and y: [batch, heads, seq, size]; cos and sin: rank 3.
template <class Positions, int R, int Q>
Fault rotary_embedding(View<float, R> y, View<const float, R> x, View<const float, Q> cos, View<const float, Q> sin, Positions ids, std::size_t half,
                       bool interleaved) {
  const std::size_t batch = x.shape[R - 4], heads = x.shape[R - 3], seq = x.shape[R - 2], size = x.shape[R - 1];
  if (!rotary_detail::positions_fit(ids, batch * seq, cos.shape[Q - 2])) return Fault::index_out_of_range;
  for (std::size_t b = 0; b < batch; ++b)
    for (std::size_t h = 0; h < heads; ++h)
      for (std::size_t s = 0; s < seq; ++s) {
        const std::size_t start[3] = {b, h, s};
        const float* from = x.data;
        float* to = y.data;
        for (int d = 0; d < 3; ++d) {
          from += static_cast<std::ptrdiff_t>(start[d]) * x.stride[R - 4 + d];
          to += static_cast<std::ptrdiff_t>(start[d]) * y.stride[R - 4 + d];
        }
        for (std::size_t k = 0; k < half; ++k) {
          const auto first = static_cast<std::ptrdiff_t>(interleaved ? 2 * k : k), second = static_cast<std::ptrdiff_t>(interleaved ? 2 * k + 1 : k + half);
          const float x1 = from[first * x.stride[R - 1]], x2 = from[second * x.stride[R - 1]];
          const float c = rotary_detail::angle(cos, ids, b, s, seq, k), i = rotary_detail::angle(sin, ids, b, s, seq, k);
          // Fused by name: at -O3 g++ 12 makes vfmaddsub of the plain pair in spite of -ffp-contract=off.
          to[first * y.stride[R - 1]] = multiply_add(c, x1, -(i * x2));
          to[second * y.stride[R - 1]] = multiply_add(i, x1, c * x2);
        }
        for (std::size_t k = 2 * half; k < size; ++k)
          to[static_cast<std::ptrdiff_t>(k) * y.stride[R - 1]] = from[static_cast<std::ptrdiff_t>(k) * x.stride[R - 1]];
      }
  return Fault::none;
}

}  // namespace inferc::ref
