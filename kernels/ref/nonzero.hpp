#pragma once
#include "kernels/fault.hpp"
#include "kernels/view.hpp"

namespace inferc::ref {

template <class T>
std::size_t count_nonzero(const T* in, std::size_t size) {
  std::size_t count = 0;
  for (std::size_t k = 0; k < size; ++k) count += in[k] != T{} ? 1 : 0;
  return count;
}

// The indices of the elements that are not zero, row-major: out[d, found] along axis d (ONNX NonZero 13). `shape`: the
// input's at the end of the list; the compiler expects `count` such elements, any other number is a fault.
template <class T>
Fault nonzero(std::int64_t* out, const T* in, Sizes<8> shape, std::size_t rank, std::size_t count) {
  std::size_t size = 1;
  for (std::size_t d = 8 - rank; d < 8; ++d) size *= static_cast<std::size_t>(shape.value[d]);
  std::int64_t index[8] = {};
  std::size_t found = 0;
  for (std::size_t k = 0; k < size; ++k) {
    if (in[k] != T{}) {
      if (found == count) return Fault::dim_mismatch;
      for (std::size_t d = 0; d < rank; ++d) out[d * count + found] = index[8 - rank + d];
      ++found;
    }
    for (std::size_t d = 7; d >= 8 - rank && ++index[d] == shape.value[d]; --d) index[d] = 0;
  }
  return found == count ? Fault::none : Fault::dim_mismatch;
}

}  // namespace inferc::ref
