#pragma once
#include "kernels/functors.hpp"

namespace inferc::ref {

// The determinant of each n x n matrix by elimination with the largest pivot of each column; scratch: n * n.
template <class T>
void det(T* out, const T* in, T* scratch, std::size_t batch, std::size_t n) {
  for (std::size_t b = 0; b < batch; ++b) {
    for (std::size_t k = 0; k < n * n; ++k) scratch[k] = in[b * n * n + k];
    T result{1};
    for (std::size_t c = 0; c < n; ++c) {
      std::size_t pivot = c;
      for (std::size_t r = c + 1; r < n; ++r)
        if (functors::abs::apply(scratch[r * n + c]) > functors::abs::apply(scratch[pivot * n + c])) pivot = r;
      for (std::size_t k = 0; pivot != c && k < n; ++k) {
        const T x = scratch[c * n + k];
        scratch[c * n + k] = scratch[pivot * n + k];
        scratch[pivot * n + k] = x;
      }
      const T diagonal = scratch[c * n + c];
      result *= pivot == c ? diagonal : -diagonal;
      for (std::size_t r = c + 1; r < n && diagonal != T{}; ++r) {
        const T factor = scratch[r * n + c] / diagonal;
        for (std::size_t k = c; k < n; ++k) scratch[r * n + k] -= factor * scratch[c * n + k];
      }
    }
    out[b] = result;
  }
}

}  // namespace inferc::ref
