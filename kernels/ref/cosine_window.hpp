#pragma once
#include <cstddef>

#include "kernels/ref/reduce.hpp"
#include "kernels/trig64.hpp"

namespace inferc::ref {

// out[i] = (c cos(2x) - b cos(x)) + a with x = 2 pi i / n, or 2 pi i / (n - 1) of a symmetric window: in this order a Blackman
// window is 0 at its begin and 1 in its middle exactly.
template <class T>
void cosine_window(T* out, std::size_t n, bool periodic, double a, double b, double c) {
  constexpr double turn = 6.28318530717958647692;
  const double period = periodic ? static_cast<double>(n) : static_cast<double>(n) - 1;
  for (std::size_t i = 0; i < n; ++i) {
    const double x = turn * static_cast<double>(i) / period;
    out[i] = from_real<T>((c * math64::cos(2 * x) - b * math64::cos(x)) + a);
  }
}

}  // namespace inferc::ref
