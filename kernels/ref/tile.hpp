#pragma once
#include "kernels/view.hpp"

namespace inferc::ref {

// out[i...] = in[i mod size of in...] (ONNX Tile)
template <class T, int R>
void tile(View<T, R> out, View<const T, R> in) {
  for_each_index<R>(out.shape, [&](const auto& i) {
    std::size_t from[R > 0 ? R : 1] = {};
    for (int d = 0; d < R; ++d) from[d] = i[d] % in.shape[d];
    at(out, i) = at(in, from);
  });
}

}  // namespace inferc::ref
