#pragma once
#include <cstddef>
#include <cstdint>

namespace inferc::cpu::quantized {

// Weights w[K, N] of bytes without most of their zeros: for each panel of 16 columns a list of steps. A step has a window of 64 inputs and
// for each column up to four weights of inputs within it: 64 indices from the window's first input on, then 64 weights.
inline constexpr std::size_t window_size = 64, step_size = 128;

template <class From>
constexpr std::size_t next_weight(const From* w, std::size_t k, std::size_t n, std::size_t col, std::size_t from) {
  while (from < k && (col >= n || w[from * n + col] == 0)) ++from;
  return from;
}

// The steps of a panel: each begins at the first input that a column still waits for, in the last window at K - 64. `new_step(first)`
// gives 128 zeros to write one to.
template <class From, class NewStep>
constexpr void pack_windows(const From* w, std::size_t k, std::size_t n, std::size_t panel, NewStep new_step) {
  std::size_t next[16] = {};
  for (std::size_t lane = 0; lane < 16; ++lane) next[lane] = next_weight(w, k, n, panel * 16 + lane, 0);
  const std::size_t last = k > window_size ? k - window_size : 0;
  for (;;) {
    std::size_t first = k;
    for (const std::size_t i : next) first = i < first ? i : first;
    if (first == k) return;
    first = first < last ? first : last;
    std::int8_t* const step = new_step(first);
    for (std::size_t lane = 0; lane < 16; ++lane)
      for (std::size_t at = lane * 4; at < lane * 4 + 4 && next[lane] < k && next[lane] < first + window_size; ++at) {
        step[at] = static_cast<std::int8_t>(next[lane] - first);
        step[window_size + at] = static_cast<std::int8_t>(w[next[lane] * n + panel * 16 + lane]);
        next[lane] = next_weight(w, k, n, panel * 16 + lane, next[lane] + 1);
      }
  }
}

}  // namespace inferc::cpu::quantized
