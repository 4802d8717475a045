#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/cpu/sparse/pack.hpp"

namespace inferc::cpu::quantized {

// Inputs as [K / 4][rows][4], the sums of a panel as columns, then as rows. Groups are run lengths: fewer than 256.
inline constexpr std::size_t most_rows_of_blocks = 64, most_groups = 255;
constexpr std::size_t blocks_scratch(std::size_t k) { return (k / 4 + 2 * sparse::panel) * most_rows_of_blocks; }

// The four weights of a group of column j, as one word.
template <class From>
constexpr std::int32_t group_word(const From* w, std::size_t n, std::size_t group, std::size_t j) {
  std::uint32_t out = 0;
  for (std::size_t i = 0; i < 4; ++i) out |= static_cast<std::uint32_t>(static_cast<std::uint8_t>(w[(4 * group + i) * n + j])) << (8 * i);
  return static_cast<std::int32_t>(out);
}

// w[K, N], K a multiple of 4: the numbers of sparse::pack_runs for plan(v), and the words of groups for value(v).
template <class From, class Plan, class Value>
constexpr void pack_blocks(const From* w, std::size_t k, std::size_t n, std::int32_t* words, Plan plan, Value value) {
  for (std::size_t g = 0; g < k / 4; ++g)
    for (std::size_t j = 0; j < n; ++j) words[g * n + j] = group_word(w, n, g, j);
  sparse::pack_runs(words, k / 4, n, n, std::size_t{1}, k / 4, plan, [&](std::size_t g, std::size_t j) { value(words[g * n + j]); });
}

}  // namespace inferc::cpu::quantized
