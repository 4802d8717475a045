#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/fault.hpp"
#include "kernels/view.hpp"

namespace inferc::ref {

// Zeros, but x[k] at place[k], an index into the row-major tensor of shape `pooled`, which stands at the begin of every axis of out.
// Places outside of it are a fault, found before anything is written.
template <class T, int R>
Fault max_unpool(View<T, R> out, const T* x, const std::int64_t* place, std::size_t count, Sizes<8> pooled, std::size_t rank) {
  std::int64_t total = 1;
  for (std::size_t d = 0; d < rank; ++d) total *= pooled.value[d];
  for (std::size_t k = 0; k < count; ++k)
    if (place[k] < 0 || place[k] >= total) return Fault::index_out_of_range;
  for_each_index<R>(out.shape, [&](const auto& i) { at(out, i) = T{}; });
  for (std::size_t k = 0; k < count; ++k) {
    std::int64_t rest = place[k];
    std::ptrdiff_t to = 0;
    for (std::size_t d = rank; d-- > 0; rest /= pooled.value[d])
      to += static_cast<std::ptrdiff_t>(rest % pooled.value[d]) * out.stride[static_cast<std::size_t>(R) - rank + d];
    out.data[to] = x[k];
  }
  return Fault::none;
}

}  // namespace inferc::ref
