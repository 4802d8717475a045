#pragma once
#include <cstddef>

namespace inferc::ref {

// 1 at the first largest element along `axis` of [outer, axis, inner], else 0.
template <class T>
void hardmax(T* out, const T* in, std::size_t outer, std::size_t axis, std::size_t inner) {
  for (std::size_t o = 0; o < outer; ++o)
    for (std::size_t i = 0; i < inner; ++i) {
      const T* x = in + o * axis * inner + i;
      T* y = out + o * axis * inner + i;
      std::size_t best = 0;
      for (std::size_t j = 1; j < axis; ++j)
        if (x[j * inner] > x[best * inner]) best = j;
      for (std::size_t j = 0; j < axis; ++j) y[j * inner] = static_cast<T>(j == best);
    }
}

}  // namespace inferc::ref
