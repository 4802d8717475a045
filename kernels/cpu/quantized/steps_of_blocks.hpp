#pragma once
#include <cstddef>
#include <cstdint>

namespace inferc::cpu::quantized {

// Weights w[K, N] of bytes without most of their zeros: for each panel of 16 columns and each block of 64 inputs as many steps as
// its fullest column has fours of weights; a step is 64 indices of inputs within the block and 64 weights, four of each for a column.
inline constexpr std::size_t sparse_block = 64, sparse_step = 128;
constexpr std::size_t blocks_of(std::size_t k) { return (k + sparse_block - 1) / sparse_block; }

// Appends the steps of panel `panel` and block `block` to `out` (null: counts only) and returns their number.
template <class From>
constexpr std::size_t pack_steps(std::int8_t* out, const From* w, std::size_t k, std::size_t n, std::size_t panel, std::size_t block) {
  const std::size_t first = block * sparse_block, end = first + sparse_block < k ? first + sparse_block : k;
  std::size_t steps = 0;
  for (std::size_t lane = 0; lane < 16 && panel * 16 + lane < n; ++lane) {
    std::size_t filled = 0;
    for (std::size_t i = first; i < end; ++i) {
      const auto v = w[i * n + panel * 16 + lane];
      if (v == 0) continue;
      if (out) {
        std::int8_t* const step = out + filled / 4 * sparse_step + lane * 4 + filled % 4;
        step[0] = static_cast<std::int8_t>(i - first);
        step[64] = static_cast<std::int8_t>(v);
      }
      ++filled;
    }
    steps = steps > (filled + 3) / 4 ? steps : (filled + 3) / 4;
  }
  return steps;
}

}  // namespace inferc::cpu::quantized
