#pragma once
#include <cstddef>

#include "kernels/functors.hpp"

namespace inferc::ref {

// Sums along the axis up to each element (exclusive: without it), from the front or in reverse, in order.
template <class T>
void cum_sum(T* out, const T* in, std::size_t outer, std::size_t axis, std::size_t inner, bool exclusive, bool reverse) {
  for (std::size_t o = 0; o < outer; ++o)
    for (std::size_t i = 0; i < inner; ++i) {
      T sum{};
      for (std::size_t k = 0; k < axis; ++k) {
        const std::size_t at = (o * axis + (reverse ? axis - 1 - k : k)) * inner + i;
        const T before = sum;
        sum = functors::add::apply(sum, in[at]);
        out[at] = exclusive ? before : sum;
      }
    }
}

}  // namespace inferc::ref
