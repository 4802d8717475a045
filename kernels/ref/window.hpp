#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/view.hpp"

namespace inferc::ref {

// How output position o and tap k of a sliding window meet the input, per spatial dim: o * stride + k * dilation - pad.
template <int S>
struct Window {
  Sizes<S> in, kernel, out, stride, dilation, pad;

  // The input's flat index; false outside.
  bool find(const std::size_t (&o)[S], const std::size_t (&k)[S], std::size_t& at) const {
    at = 0;
    for (int d = 0; d < S; ++d) {
      const std::int64_t i = position(o, k, d);
      if (i < 0 || i >= in.value[d]) return false;
      at = at * static_cast<std::size_t>(in.value[d]) + static_cast<std::size_t>(i);
    }
    return true;
  }
  std::int64_t position(const std::size_t (&o)[S], const std::size_t (&k)[S], int d) const {
    return static_cast<std::int64_t>(o[d]) * stride.value[d] + static_cast<std::int64_t>(k[d]) * dilation.value[d] - pad.value[d];
  }
};

template <int S>
constexpr std::size_t elements(const Sizes<S>& s) {
  std::size_t n = 1;
  for (int d = 0; d < S; ++d) n *= static_cast<std::size_t>(s.value[d]);
  return n;
}

// f(index, flat index) for the positions of `sizes` in row-major order.
template <int S, class F>
constexpr void for_each_position(const Sizes<S>& sizes, F f) {
  std::size_t shape[S];
  for (int d = 0; d < S; ++d) shape[d] = static_cast<std::size_t>(sizes.value[d]);
  std::size_t flat = 0;
  for_each_index<S>(shape, [&](const std::size_t(&i)[S]) { f(i, flat++); });
}

}  // namespace inferc::ref
