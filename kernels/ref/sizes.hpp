#pragma once
#include "kernels/view.hpp"

namespace inferc::ref {

// The sizes known when the call is made, as a tensor of T.
template <class T, int N>
void sizes(T* out, Sizes<N> values) {
  for (int i = 0; i < N; ++i) out[i] = static_cast<T>(values.value[i]);
}

}  // namespace inferc::ref
