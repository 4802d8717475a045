#pragma once
#include "kernels/view.hpp"

namespace inferc::ref {

// The row-major position of an index tuple in dims given by the last `depth` of `sizes`; negative entries count from
// the end; -1 where one is out of range.
constexpr std::int64_t locate(const std::int64_t* index, std::size_t depth, const Sizes<8>& sizes) {
  std::int64_t at = 0;
  for (std::size_t d = 0; d < depth; ++d) {
    const std::int64_t n = sizes.value[8 - depth + d];
    if (index[d] < -n || index[d] >= n) return -1;
    at = at * n + (index[d] < 0 ? index[d] + n : index[d]);
  }
  return at;
}

}  // namespace inferc::ref
