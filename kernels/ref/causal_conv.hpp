#pragma once
#include "kernels/ref/constantly.hpp"
#include "kernels/ref/product_sum.hpp"

namespace inferc::ref {

// out[b, c, i] = sum over j of w[c, j] padded[b, c, i + j], + bias[c], and y sigmoid(y) of it if `swish`; padded is the past's
// taps - 1 elements before x. `present` gets the last taps - 1 elements of padded.
template <class T, class Bias, class Past>
void causal_conv(T* out, T* present, const T* x, const T* w, Bias bias, Past past, std::size_t batch, std::size_t channels, std::size_t length,
                 std::size_t taps, bool swish) {
  const std::size_t before = taps - 1;
  for (std::size_t r = 0; r < batch * channels; ++r) {
    const std::size_t c = r % channels;
    const auto padded = [&](std::size_t p) { return p < before ? static_cast<T>(past[r * before + p]) : x[r * length + p - before]; };
    for (std::size_t i = 0; i < length; ++i) {
      ProductSum<T> sum(product_block(1));
      for (std::size_t j = 0; j < taps; ++j) sum.add(w[c * taps + j], padded(i + j));
      const T y = sum.total() + static_cast<T>(bias[c]);
      out[r * length + i] = swish ? y * functors::sigmoid::apply(y) : y;
    }
    for (std::size_t p = 0; p < before; ++p) present[r * before + p] = padded(length + p);
  }
}

}  // namespace inferc::ref
