#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/cpu/pack.hpp"

namespace inferc::cpu::quantized {

// Weights w[K, N] in panels of 16 columns, [panel][K / group][16][group], padded with zeros: the one packing of every code path.
constexpr std::size_t groups_of(std::size_t k, std::size_t group) { return (k + group - 1) / group; }
constexpr std::size_t packed_size(std::size_t k, std::size_t n, std::size_t group) { return cpu::packed_size(groups_of(k, group) * group, n); }

// w[k, n] = source[k * row + n * col].
template <class To, class From>
constexpr void pack_groups(To* packed, const From* source, std::size_t k, std::size_t n, std::size_t group, std::size_t row, std::size_t col) {
  for (std::size_t panel = 0; panel < n; panel += 16)
    for (std::size_t g = 0; g < groups_of(k, group); ++g)
      for (std::size_t j = panel; j < panel + 16; ++j)
        for (std::size_t i = g * group; i < (g + 1) * group; ++i) *packed++ = j < n && i < k ? static_cast<To>(source[i * row + j * col]) : To{};
}

// Weights of 4 bits, [panel][K / 8][16][4] bytes: the low halves hold the first group of four, the high ones the second.
constexpr std::size_t packed_nibbles_size(std::size_t k, std::size_t n) { return (k + 7) / 8 * 4 * ((n + 15) / 16 * 16); }
template <class From>
constexpr void pack_nibbles(std::uint8_t* packed, const From* source, std::size_t k, std::size_t n) {
  const auto nibble = [&](std::size_t i, std::size_t j) { return j < n && i < k ? static_cast<unsigned>(source[i * n + j]) & 15u : 0u; };
  for (std::size_t panel = 0; panel < n; panel += 16)
    for (std::size_t g = 0; g < k; g += 8)
      for (std::size_t j = panel; j < panel + 16; ++j)
        for (std::size_t i = g; i < g + 4; ++i) *packed++ = static_cast<std::uint8_t>(nibble(i, j) | nibble(i + 4, j) << 4);
}

}  // namespace inferc::cpu::quantized
