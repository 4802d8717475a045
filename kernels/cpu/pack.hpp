#pragma once
#include <cstddef>

namespace inferc::cpu {

// Weights of a product x[M, K] * w[K, N] in panels of 16 columns, [panel][k][16], the last panel padded with zeros:
// the one packing that every code path reads.
constexpr std::size_t packed_size(std::size_t k, std::size_t n) { return (n + 15) / 16 * 16 * k; }

// w[k, n] = source[k * row + n * col].
template <class T>
constexpr void pack_panels(T* packed, const T* source, std::size_t k, std::size_t n, std::size_t row, std::size_t col) {
  for (std::size_t panel = 0; panel < n; panel += 16)
    for (std::size_t i = 0; i < k; ++i)
      for (std::size_t j = panel; j < panel + 16; ++j) *packed++ = j < n ? source[i * row + j * col] : T{};
}

}  // namespace inferc::cpu
