#pragma once
#include <cstddef>
#include <cstdint>

namespace inferc::cpu::sparse {

inline constexpr std::size_t panel = 16;
constexpr std::size_t blocks_of(std::size_t k, std::size_t terms) { return (k + terms - 1) / terms; }

// The most rows that are computed together, on any code path; elements of scratch for them: the inputs, a panel of results and its runs.
inline constexpr std::size_t most_rows = 64;
constexpr std::size_t scratch_size(std::size_t k, std::size_t terms) { return (k + panel + panel * blocks_of(k, terms)) * most_rows; }

// Weights w[K, N] = source[k * row + n * col] without their zeros, panel after panel of 16 columns. A run is what stands in one column within
// one block of `terms` terms, its number the block's times 16 plus the column's. Runs of one length stand together, as lengths that
// differ cost a jump each: of a panel `plan` has the number of groups, of a group length and number of runs, of a run its number and
// the k of its weights. plan(v) takes the numbers, value(k, n) the place of each weight.
template <class From, class Plan, class Value>
constexpr void pack_runs(const From* w, std::size_t k, std::size_t n, std::size_t row, std::size_t col, std::size_t terms, Plan plan, Value value) {
  const auto is_weight = [&](std::size_t i, std::size_t j) { return w[i * row + j * col] != From{}; };
  const auto end_of = [&](std::size_t block) { return (block + 1) * terms < k ? (block + 1) * terms : k; };
  const auto length = [&](std::size_t block, std::size_t j) {
    std::size_t found = 0;
    for (std::size_t i = block * terms; i < end_of(block); ++i) found += is_weight(i, j);
    return found;
  };
  const auto each_run = [&](std::size_t first, std::size_t wanted, auto f) {
    for (std::size_t block = 0; block < blocks_of(k, terms); ++block)
      for (std::size_t j = first; j < first + panel && j < n; ++j)
        if (length(block, j) == wanted) f(block, j);
  };
  for (std::size_t first = 0; first < n; first += panel) {
    std::size_t runs[256] = {}, groups = 0;
    for (std::size_t long_as = 0; long_as <= terms; ++long_as) {
      each_run(first, long_as, [&](std::size_t, std::size_t) { ++runs[long_as]; });
      groups += runs[long_as] > 0;
    }
    plan(groups);
    for (std::size_t long_as = 0; long_as <= terms; ++long_as) {
      if (runs[long_as] == 0) continue;
      plan(long_as), plan(runs[long_as]);
      each_run(first, long_as, [&](std::size_t block, std::size_t j) {
        plan(block * panel + j - first);
        for (std::size_t i = block * terms; i < end_of(block); ++i)
          if (is_weight(i, j)) plan(i), value(i, j);
      });
    }
  }
}

}  // namespace inferc::cpu::sparse
