#pragma once
#include <cstddef>

namespace inferc::ref {

// 1 where x is greater than the threshold, else 0.
template <class T>
void binarize(T* y, const T* x, std::size_t n, double threshold) {
  for (std::size_t i = 0; i < n; ++i) y[i] = static_cast<T>(static_cast<double>(x[i]) > threshold);
}

}  // namespace inferc::ref
