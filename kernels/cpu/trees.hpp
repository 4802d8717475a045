#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/bits.hpp"
#include "kernels/dim.hpp"
#include "kernels/simd.hpp"

// Ensembles of decision trees whose nodes ask z[slot] <= threshold, false for NaN; slots are features or their
// negatives. Many rows: every node of a tree is asked, vectors of rows at once, and strikes out the leaves that a "no"
// excludes; the first leaf left is the one reached. Few rows, and trees too large for that: eight walks from root to
// leaf side by side. Either finds the same leaf; their weights are added tree by tree, so that the bits do not depend
// on the way.
namespace inferc::cpu {

inline constexpr int tree_block = 64;  // rows of scratch

// Tables, each an array of records of int32, thresholds by their bits:
struct Forest {
  const std::int32_t* trees;  // {root, depth, first word}, and one more for the end
  const std::int32_t* nodes;  // {slot, threshold, child if so, child if not}; a child below 0 is leaf -1 - child
  const std::int32_t* words;  // 32 leaves of a tree in order, the last with fewer: {first question, first leaf}, and one more
  const std::int32_t* asked;  // questions: {slot, threshold, leaves that are left if not}
  const std::int32_t* first;  // leaf l has the targets and weights from first[l] up to first[l + 1]
  const std::int32_t* target;
  const float* weight;
  std::size_t count, targets;
  bool single;  // one target, one weight a leaf
};

namespace trees_detail {

inline constexpr int walkers = 8;
inline constexpr int group = 4;  // vectors of rows

inline void walk(std::int32_t (&at)[walkers], const float* const (&z)[walkers], const std::int32_t* nodes, std::int32_t levels) {
  for (std::int32_t level = 0; level < levels; ++level)
    for (int g = 0; g < walkers; ++g) {
      const std::int32_t* const n = nodes + 4 * static_cast<std::ptrdiff_t>(at[g] & ~(at[g] >> 31));
      const std::int32_t next = n[3 - (z[g][n[0]] <= bit_cast<float>(n[1]))];
      at[g] = at[g] < 0 ? at[g] : next;
    }
}

// Adds what leaf `l` weighs.
inline void deposit(const Forest& f, float* y, std::int32_t l) {
  for (std::int32_t e = f.first[l]; e < f.first[l + 1]; ++e) y[f.target[e]] += f.weight[e];
}

// The slots of one row.
inline void gather(float* z, const float* x, const std::int32_t* slot, std::size_t slots) {
  for (std::size_t s = 0; s < slots; ++s) z[s] = slot[s] < 0 ? -x[-1 - slot[s]] : x[slot[s]];
}

// One row, eight trees at a time.
inline void row(const Forest& f, float* y, const float* z) {
  const float* const same[walkers] = {z, z, z, z, z, z, z, z};
  for (std::size_t t = 0; t < f.count; t += walkers) {
    const int n = f.count - t < walkers ? static_cast<int>(f.count - t) : walkers;
    std::int32_t at[walkers], levels = 0;
    for (int g = 0; g < walkers; ++g) at[g] = g < n ? f.trees[3 * (t + static_cast<std::size_t>(g))] : -1;
    for (int g = 0; g < n; ++g) {
      const std::int32_t depth = f.trees[3 * (t + static_cast<std::size_t>(g)) + 1];
      levels = depth > levels ? depth : levels;
    }
    walk(at, same, f.nodes, levels);
    for (int g = 0; g < n; ++g) {
      if (f.single) y[0] += f.weight[-1 - at[g]];
      else deposit(f, y, -1 - at[g]);
    }
  }
}

// Eight rows, tree by tree: a large tree is read once for all of them.
inline void eight_rows(const Forest& f, float* y, const float* z, std::size_t slots) {
  const float* const apart[walkers] = {z, z + slots, z + 2 * slots, z + 3 * slots, z + 4 * slots, z + 5 * slots, z + 6 * slots, z + 7 * slots};
  for (std::size_t t = 0; t < f.count; ++t) {
    std::int32_t at[walkers];
    for (int g = 0; g < walkers; ++g) at[g] = f.trees[3 * t];
    walk(at, apart, f.nodes, f.trees[3 * t + 1]);
    for (int g = 0; g < walkers; ++g) deposit(f, y + static_cast<std::size_t>(g) * f.targets, -1 - at[g]);
  }
}

// The position of the lowest bit set; -127 where there is none.
[[gnu::always_inline]] inline IntOf<Vec> lowest(IntOf<Vec> m) {
  using Unsigned = VectorOf<std::uint32_t, lanes>::type;
  const Unsigned u = bit_cast<Unsigned>(m);
  const IntOf<Vec> bits = bit_cast<IntOf<Vec>>(__builtin_convertvector(bit_cast<IntOf<Vec>>(u & -u), Vec));
  return ((bits >> 23) & 255) - 127;
}

// The leaf of tree t that each row of a block reaches; z is [slots, tree_block].
inline void leaves(const Forest& f, std::size_t t, const float* z, IntOf<Vec> (&leaf)[group]) {
  IntOf<Vec> found[group] = {};
  for (std::int32_t w = f.trees[3 * t + 2]; w < f.trees[3 * t + 5]; ++w) {
    IntOf<Vec> left[group];
    for (int r = 0; r < group; ++r) left[r] = splat_int<Vec>(-1);
    for (std::int32_t q = f.words[2 * w]; q < f.words[2 * w + 2]; ++q) {
      const std::int32_t* const ask = f.asked + 3 * static_cast<std::ptrdiff_t>(q);
      const float* const x = z + static_cast<std::ptrdiff_t>(ask[0]) * tree_block;
      const Vec threshold = splat<Vec>(bit_cast<float>(ask[1]));
      const IntOf<Vec> mask = splat_int<Vec>(ask[2]);
      for (int r = 0; r < group; ++r) left[r] &= (load<Vec>(x + r * lanes) <= threshold) | mask;
    }
    for (int r = 0; r < group; ++r) {
      const IntOf<Vec> here = ~found[r] & (left[r] != 0);
      leaf[r] = (here & (lowest(left[r]) + f.words[2 * w + 1])) | (~here & leaf[r]);
      found[r] |= here;
    }
  }
}

// Rows of a block, of which `rows` count.
inline void block(const Forest& f, float* y, const float* z, std::size_t rows) {
  IntOf<Vec> leaf[group] = {};
  float sum[group * lanes] = {};
  for (std::size_t t = 0; t < f.count; ++t) {
    leaves(f, t, z, leaf);
    if (f.single) {
      for (int r = 0; r < group; ++r)
        for (int k = 0; k < lanes; ++k) sum[r * lanes + k] += f.weight[leaf[r][k]];
    } else {
      for (std::size_t k = 0; k < rows; ++k) deposit(f, y + k * f.targets, leaf[k / lanes][k % lanes]);
    }
  }
  if (f.single)
    for (std::size_t k = 0; k < rows; ++k) y[k] = sum[k];
}

}  // namespace trees_detail

// y [rows, targets] of x [rows, features]; `scratch` holds tree_block floats a slot. `wide`: words and questions are
// given.
template <class B, class E>
void trees(Range<B, E> rows, float* y, float* scratch, const float* x, std::size_t features, std::size_t targets, const std::int32_t* slot, std::size_t slots,
           std::size_t count, const std::int32_t* tree, const std::int32_t* nodes, const std::int32_t* words, const std::int32_t* asked,
           const std::int32_t* first, const std::int32_t* target, const float* weight, bool single, bool wide) {
  using namespace trees_detail;
  const Forest f{tree, nodes, words, asked, first, target, weight, count, targets, single};
  constexpr std::size_t together = group * lanes;
  static_assert(together <= tree_block);
  const std::size_t begin = rows.begin, end = rows.end;
  for (std::size_t k = begin * targets; k < end * targets; ++k) y[k] = 0;
  std::size_t at = begin;
  while (at < end) {
    const std::size_t left = end - at, n = left < together ? left : together;
    if (wide && n > together / 8) {
      for (std::size_t s = 0; s < slots; ++s)
        for (std::size_t k = 0; k < together; ++k) {
          const float* const from = x + (at + (k < n ? k : 0)) * features;
          scratch[s * tree_block + k] = slot[s] < 0 ? -from[-1 - slot[s]] : from[slot[s]];
        }
      block(f, y + at * targets, scratch, n);
      at += n;
    } else if (!wide && left >= walkers) {
      for (std::size_t k = 0; k < walkers; ++k) gather(scratch + k * slots, x + (at + k) * features, slot, slots);
      eight_rows(f, y + at * targets, scratch, slots);
      at += walkers;
    } else {
      gather(scratch, x + at * features, slot, slots);
      row(f, y + at * targets, scratch);
      ++at;
    }
  }
}

}  // namespace inferc::cpu
