#pragma once
#include "kernels/view.hpp"

namespace inferc::ref {

// out[i...] = in[i - before...]; outside: `value` (mode 0), mirrored about the first or last element (1), the nearest
// element (2), or periodic (3). Negative `before` crops. `before`: of the dims, at the end of the list (ONNX Pad 19).
template <class T, int R>
void pad(View<T, R> out, View<const T, R> in, const T* value, Sizes<8> before, std::int64_t mode) {
  for_each_index<R>(out.shape, [&](const auto& i) {
    std::size_t from[R > 0 ? R : 1] = {};
    bool inside = true;
    for (int d = 0; d < R; ++d) {
      const auto n = static_cast<std::int64_t>(in.shape[d]);
      std::int64_t k = static_cast<std::int64_t>(i[d]) - before.value[8 - R + d];
      if (k < 0 || k >= n) {
        if (mode == 0) inside = false;
        if (mode == 1) k = k < 0 ? -k : 2 * (n - 1) - k;
        if (mode == 2) k = k < 0 ? 0 : n - 1;
        if (mode == 3) k = ((k % n) + n) % n;
      }
      from[d] = static_cast<std::size_t>(k);
    }
    at(out, i) = inside ? at(in, from) : *value;
  });
}

}  // namespace inferc::ref
