#pragma once
#include <cstddef>
#include <cstdint>

namespace inferc::cpu::quantized {

// Weights w[K, N] of bytes without most of their zeros. Panels of 16 columns are computed eight, four, two or one together. What is computed together has
// a list of steps; a step has a window of 64 inputs and for each column up to four weights of inputs within it: for each panel 64
// indices from the window's first input on, then 64 weights.
inline constexpr std::size_t window_size = 64, step_size = 128;  // a step's bytes for a panel
constexpr std::size_t panels_together(std::size_t left) { return left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1; }

template <class From>
constexpr std::size_t next_weight(const From* w, std::size_t k, std::size_t n, std::size_t col, std::size_t from) {
  while (from < k && (col >= n || w[from * n + col] == 0)) ++from;
  return from;
}

// The steps of `columns` columns from `col` on: each begins at the first input that a column still waits for, the last at K - 64.
// new_step(first) gives zeros to write one to.
template <class From, class NewStep>
constexpr void group_steps(const From* w, std::size_t k, std::size_t n, std::size_t col, std::size_t columns, NewStep new_step) {
  std::size_t next[128] = {};
  for (std::size_t j = 0; j < columns; ++j) next[j] = next_weight(w, k, n, col + j, 0);
  const std::size_t last = k > window_size ? k - window_size : 0;
  for (;;) {
    std::size_t first = k;
    for (std::size_t j = 0; j < columns; ++j) first = next[j] < first ? next[j] : first;
    if (first == k) return;
    first = first < last ? first : last;
    std::int8_t* const step = new_step(first);
    for (std::size_t j = 0; j < columns; ++j)
      for (std::size_t at = j / 16 * step_size + j % 16 * 4, end = at + 4; at < end && next[j] < k && next[j] < first + window_size; ++at) {
        step[at] = static_cast<std::int8_t>(next[j] - first);
        step[window_size + at] = static_cast<std::int8_t>(w[next[j] * n + col + j]);
        next[j] = next_weight(w, k, n, col + j, next[j] + 1);
      }
  }
}

// `plan`: of what is computed together the number of its steps, then the first input of each; `steps` the steps in this order. Both are
// empty vectors.
template <class From, class Plan, class Steps>
constexpr void pack_windows(const From* w, std::size_t k, std::size_t n, Plan& plan, Steps& steps) {
  for (std::size_t panels = (n + 15) / 16, panel = 0; panel < panels; panel += panels_together(panels - panel)) {
    const std::size_t count = plan.size(), together = panels_together(panels - panel);
    plan.push_back(0);
    group_steps(w, k, n, panel * 16, together * 16, [&](std::size_t first) {
      ++plan[count];
      plan.push_back(static_cast<std::uint16_t>(first));
      steps.resize(steps.size() + together * step_size);
      return steps.data() + steps.size() - together * step_size;
    });
  }
}

}  // namespace inferc::cpu::quantized
