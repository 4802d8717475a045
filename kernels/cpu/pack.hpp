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

// Columns of LSTM's weights and biases: the gates of 16 units beside each other, of fewer units behind whole groups likewise. So a step
// takes group by group: the activations of one run while the weights of the next arrive.
inline constexpr std::size_t unit_group = 16;
constexpr std::size_t gate_column(std::size_t gates, std::size_t hidden, std::size_t gate, std::size_t unit) {
  const std::size_t first = unit / unit_group * unit_group, units = hidden - first < unit_group ? hidden - first : unit_group;
  return gates * first + gate * units + unit - first;
}

}  // namespace inferc::cpu
