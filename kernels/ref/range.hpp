#pragma once
#include <cstddef>

#include "kernels/functors.hpp"

namespace inferc::ref {

// out[i] = start + i * delta (ONNX Range)
template <class T>
void range(T* out, const T* start, const T* delta, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) out[i] = functors::add::apply(*start, functors::mul::apply(static_cast<T>(i), *delta));
}

}  // namespace inferc::ref
