#pragma once
#include <cstddef>
#include <cstdint>

namespace inferc::ref {
namespace top_k_detail {

template <class T>
constexpr bool less(T a, T b) {  // NaN is the largest
  return a < b || (b != b && a == a);
}
// Whether (a, i) comes before (b, j): by value, then the lower index.
template <class T>
constexpr bool before(T a, std::size_t i, T b, std::size_t j, bool largest) {
  if (largest ? less(b, a) : less(a, b)) return true;
  if (largest ? less(a, b) : less(b, a)) return false;
  return i < j;
}

}  // namespace top_k_detail

// The k first elements along `axis` of [outer, axis, inner] in descending (largest) or ascending order, k <= axis.
template <class T>
void top_k(T* values, std::int64_t* indices, const T* in, std::size_t outer, std::size_t axis, std::size_t inner, std::size_t k, bool largest) {
  using top_k_detail::before;
  for (std::size_t o = 0; o < outer; ++o)
    for (std::size_t i = 0; i < inner; ++i) {
      const T* x = in + o * axis * inner + i;
      std::size_t last = 0;
      for (std::size_t n = 0; n < k; ++n) {
        std::size_t best = axis;
        for (std::size_t j = 0; j < axis; ++j) {
          const bool taken = n > 0 && !before(x[last * inner], last, x[j * inner], j, largest);
          if (!taken && (best == axis || before(x[j * inner], j, x[best * inner], best, largest))) best = j;
        }
        values[(o * k + n) * inner + i] = x[best * inner];
        indices[(o * k + n) * inner + i] = static_cast<std::int64_t>(best);
        last = best;
      }
    }
}

// The index of the largest or smallest element, NaN being the largest; of equal ones the first or the last.
template <class T>
void arg_extreme(std::int64_t* out, const T* in, std::size_t outer, std::size_t axis, std::size_t inner, bool largest, bool last) {
  using top_k_detail::less;
  for (std::size_t o = 0; o < outer; ++o)
    for (std::size_t i = 0; i < inner; ++i) {
      const T* x = in + o * axis * inner + i;
      std::size_t best = 0;
      for (std::size_t j = 1; j < axis; ++j) {
        const T a = x[j * inner], b = x[best * inner];
        const bool better = largest ? less(b, a) : less(a, b), worse = largest ? less(a, b) : less(b, a);
        if (better || (last && !worse)) best = j;
      }
      out[o * inner + i] = static_cast<std::int64_t>(best);
    }
}

}  // namespace inferc::ref
