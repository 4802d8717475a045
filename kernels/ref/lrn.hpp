#pragma once
#include "kernels/ref/reduce.hpp"

namespace inferc::ref {

// out = x / (bias + alpha / size * sum of x^2 over `size` neighbouring channels)^beta for [batch, channels, plane].
template <class T>
void lrn(T* out, const T* x, std::size_t batch, std::size_t channels, std::size_t plane, std::size_t size, double alpha, double beta, double bias) {
  const std::size_t before = (size - 1) / 2, after = size - 1 - before;
  const T scale = static_cast<T>(alpha) / static_cast<T>(size);
  for (std::size_t n = 0; n < batch; ++n)
    for (std::size_t c = 0; c < channels; ++c)
      for (std::size_t i = 0; i < plane; ++i) {
        Sum<T> squares;
        for (std::size_t k = c < before ? 0 : c - before; k < channels && k <= c + after; ++k) {
          const T v = x[(n * channels + k) * plane + i];
          squares.add(v * v);
        }
        const std::size_t at = (n * channels + c) * plane + i;
        out[at] = x[at] / functors::pow::apply(static_cast<T>(bias) + scale * squares.total(), static_cast<T>(beta));
      }
}

}  // namespace inferc::ref
