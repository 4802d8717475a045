#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/view.hpp"

namespace inferc::cpu::quantized {

// to[n, position, (tap, channel)] = what a sliding window sees of x[n, channel, d, h, w], `fill` outside. `sizes`: kernel, output, strides,
// dilations, pads before.
template <class T>
inline void patches(T* to, View<const T, 5> x, std::int64_t fill, Sizes<15> sizes) {
  const auto size = [&](int what, int d) { return static_cast<std::ptrdiff_t>(sizes.value[3 * what + d]); };
  const std::size_t channels = x.shape[1];
  const auto position = [&](int d, std::ptrdiff_t o, std::ptrdiff_t k) { return o * size(2, d) + k * size(3, d) - size(4, d); };
  const auto inside = [&](int d, std::ptrdiff_t at) { return at >= 0 && at < static_cast<std::ptrdiff_t>(x.shape[2 + d]); };
  const auto copy = [&](const T* from) {
    if (x.stride[1] == 1) __builtin_memcpy(to, from, channels * sizeof(T));
    else
      for (std::size_t c = 0; c < channels; ++c) to[c] = from[static_cast<std::ptrdiff_t>(c) * x.stride[1]];
  };
  for (std::size_t n = 0; n < x.shape[0]; ++n)
    for (std::ptrdiff_t o = 0; o < size(1, 0) * size(1, 1) * size(1, 2); ++o)
      for (std::ptrdiff_t k = 0; k < size(0, 0) * size(0, 1) * size(0, 2); ++k, to += channels) {
        const std::ptrdiff_t w = position(2, o % size(1, 2), k % size(0, 2)), h = position(1, o / size(1, 2) % size(1, 1), k / size(0, 2) % size(0, 1));
        const std::ptrdiff_t d = position(0, o / (size(1, 2) * size(1, 1)), k / (size(0, 2) * size(0, 1)));
        if (inside(0, d) && inside(1, h) && inside(2, w))
          copy(x.data + static_cast<std::ptrdiff_t>(n) * x.stride[0] + d * x.stride[2] + h * x.stride[3] + w * x.stride[4]);
        else
          for (std::size_t c = 0; c < channels; ++c) to[c] = static_cast<T>(fill);
      }
}

}  // namespace inferc::cpu::quantized
