#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/fault.hpp"

namespace inferc::ref {

// out[o, m, i] = data[o, indices[m], i]; negative indices count from the end (ONNX Gather 13).
template <class T, class I>
Fault gather(T* out, const T* data, const I* indices, std::size_t outer, std::size_t axis, std::size_t inner, std::size_t count) {
  const auto n = static_cast<std::int64_t>(axis);
  for (std::size_t m = 0; m < count; ++m)
    if (indices[m] < -n || indices[m] >= n) return Fault::index_out_of_range;
  for (std::size_t o = 0; o < outer; ++o)
    for (std::size_t m = 0; m < count; ++m) {
      const auto row = static_cast<std::size_t>(indices[m] < 0 ? indices[m] + n : indices[m]);
      for (std::size_t i = 0; i < inner; ++i) out[(o * count + m) * inner + i] = data[(o * axis + row) * inner + i];
    }
  return Fault::none;
}

}  // namespace inferc::ref
