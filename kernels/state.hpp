#pragma once
#include <limits>

#include "kernels/functor_base.hpp"

namespace inferc {

// x, or 0 below the smallest normal number: as an element of a recurrent state a denormal would take CPUs hundreds of cycles in each
// product of the next step.
template <class T>
[[gnu::always_inline]] inline T normal_or_zero(T x) {
  if constexpr (functors::is_scalar<T>) return (x < 0 ? -x : x) < std::numeric_limits<T>::min() ? T{} : x;
  else return abs(x) < splat<T>(std::numeric_limits<float>::min()) ? T{} : x;
}

}  // namespace inferc
