#pragma once
#include "kernels/fault.hpp"
#include "kernels/ref/locate.hpp"

namespace inferc::ref {

// out[b, m, i...] = data[b, indices[b, m, 0], ..., indices[b, m, depth - 1], i...], i of `inner` elements
// (ONNX GatherND 13). `sizes`: those of the indexed dims, at the end of the list.
template <class T>
Fault gather_nd(T* out, const T* data, const std::int64_t* indices, std::size_t batch, std::size_t count, std::size_t depth, std::size_t inner,
                Sizes<8> sizes) {
  std::size_t indexed = 1;
  for (std::size_t d = 0; d < depth; ++d) indexed *= static_cast<std::size_t>(sizes.value[8 - depth + d]);
  for (std::size_t m = 0; m < batch * count; ++m)
    if (locate(indices + m * depth, depth, sizes) < 0) return Fault::index_out_of_range;
  for (std::size_t b = 0; b < batch; ++b)
    for (std::size_t m = b * count; m < (b + 1) * count; ++m) {
      const auto at = b * indexed + static_cast<std::size_t>(locate(indices + m * depth, depth, sizes));
      for (std::size_t i = 0; i < inner; ++i) out[m * inner + i] = data[at * inner + i];
    }
  return Fault::none;
}

}  // namespace inferc::ref
