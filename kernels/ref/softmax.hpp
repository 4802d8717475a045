#pragma once

#include "kernels/bits.hpp"
#include "kernels/ref/sum.hpp"

namespace inferc::ref {
namespace softmax_detail {

template <class T>
constexpr T largest(const T* x, std::size_t n, std::size_t stride) {
  T top = -limits::infinity<T>;
  for (std::size_t j = 0; j < n; ++j) top = functors::max::apply(x[j * stride], top);
  return top;
}

}  // namespace softmax_detail

// out = e * (1 / sum(e)) with e = exp(x - max(x)), along `axis` of [outer, axis, inner].
template <class T>
void softmax(T* out, const T* in, std::size_t outer, std::size_t axis, std::size_t inner) {
  for (std::size_t o = 0; o < outer; ++o)
    for (std::size_t i = 0; i < inner; ++i) {
      const T* x = in + o * axis * inner + i;
      T* y = out + o * axis * inner + i;
      const T top = softmax_detail::largest(x, axis, inner);
      for (std::size_t j = 0; j < axis; ++j) y[j * inner] = functors::exp_of_nonpositive::apply(x[j * inner] - top);
      const T scale = T{1} / sum<T>(axis, [&](std::size_t j) { return y[j * inner]; });
      for (std::size_t j = 0; j < axis; ++j) y[j * inner] *= scale;
    }
}

// out = (x - max(x)) - log(sum(exp(x - max(x)))).
template <class T>
void log_softmax(T* out, const T* in, std::size_t outer, std::size_t axis, std::size_t inner) {
  for (std::size_t o = 0; o < outer; ++o)
    for (std::size_t i = 0; i < inner; ++i) {
      const T* x = in + o * axis * inner + i;
      T* y = out + o * axis * inner + i;
      const T top = softmax_detail::largest(x, axis, inner);
      const T log_sum = functors::log::apply(sum<T>(axis, [&](std::size_t j) { return functors::exp_of_nonpositive::apply(x[j * inner] - top); }));
      for (std::size_t j = 0; j < axis; ++j) y[j * inner] = (x[j * inner] - top) - log_sum;
    }
}

}  // namespace inferc::ref
