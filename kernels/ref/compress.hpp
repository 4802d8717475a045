#pragma once
#include <cstddef>

#include "kernels/fault.hpp"

namespace inferc::ref {

inline std::size_t count_true(const bool* in, std::size_t size) {
  std::size_t count = 0;
  for (std::size_t k = 0; k < size; ++k) count += in[k] ? 1 : 0;
  return count;
}

// The slices of [outer, axis, inner] along the axis whose condition holds (ONNX Compress 11); `conditions` may be fewer than
// the slices. One that holds beyond them is a fault.
template <class T>
Fault compress(T* out, const T* in, const bool* condition, std::size_t conditions, std::size_t outer, std::size_t axis, std::size_t inner) {
  for (std::size_t k = axis; k < conditions; ++k)
    if (condition[k]) return Fault::index_out_of_range;
  const std::size_t slices = conditions < axis ? conditions : axis;
  for (std::size_t o = 0; o < outer; ++o)
    for (std::size_t k = 0; k < slices; ++k) {
      if (!condition[k]) continue;
      for (std::size_t i = 0; i < inner; ++i) *out++ = in[(o * axis + k) * inner + i];
    }
  return Fault::none;
}

}  // namespace inferc::ref
