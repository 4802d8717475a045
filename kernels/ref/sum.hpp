#pragma once
#include <cstddef>

#include "kernels/functors.hpp"

// The order of every sum along an axis: element j is added to lane j mod 16 of its block of 1,024 elements; lanes start
// from zero and are folded 16 to 8 to 4 to 2 to 1 (lane i takes lane i + half); block totals are added pairwise, level
// by level, an odd one is carried up.
namespace inferc::ref {

inline constexpr std::size_t sum_block = 1024;

namespace sum_detail {

template <class T, class Get>
constexpr T block(std::size_t begin, std::size_t end, Get get) {
  T lane[16] = {};
  for (std::size_t j = begin; j < end; ++j) lane[j % 16] = functors::add::apply(lane[j % 16], get(j));
  for (std::size_t half = 8; half > 0; half /= 2)
    for (std::size_t i = 0; i < half; ++i) lane[i] = functors::add::apply(lane[i], lane[i + half]);
  return lane[0];
}

}  // namespace sum_detail

// get(0) + ... + get(n - 1); `get` gives a T. Level l of the stack holds the total of 2^l blocks.
template <class T, class Get>
constexpr T sum(std::size_t n, Get get) {
  T level[64] = {};
  std::size_t blocks = 0;
  for (std::size_t at = 0; at < n; at += sum_block, ++blocks) {
    T total = sum_detail::block<T>(at, n - at < sum_block ? n : at + sum_block, get);
    int l = 0;
    for (; (blocks >> l & 1) != 0; ++l) total = functors::add::apply(level[l], total);
    level[l] = total;
  }
  T total{};
  bool any = false;
  for (int l = 0; l < 64 && (blocks >> l) != 0; ++l) {
    if ((blocks >> l & 1) == 0) continue;
    total = any ? functors::add::apply(level[l], total) : level[l];
    any = true;
  }
  return total;
}

}  // namespace inferc::ref
