#pragma once
#include "kernels/ref/shape_operand.hpp"

namespace inferc::ref {

// out: the windows of `in`, whose starts, ends, axes and steps are read at run time (ONNX Slice 13). Where they do not give
// the shape of `out`, it is a fault and nothing is written. `rank`: without the dims of size 1 put in front.
template <class T, class I, int R>
Fault slice(View<T, R> out, View<const T, R> in, const I* starts, const I* ends, const I* axes, const I* steps, std::size_t count, std::size_t rank) {
  std::int64_t shape[8] = {};
  const std::size_t added = static_cast<std::size_t>(R) - rank;
  for (std::size_t d = 0; d < rank; ++d) shape[d] = static_cast<std::int64_t>(in.shape[added + d]);
  SliceWindow windows[8];
  bool good = slice_windows(starts, ends, axes, steps, count, shape, rank, windows);
  for (std::size_t d = 0; good && d < rank; ++d) good = windows[d].size == static_cast<std::int64_t>(out.shape[added + d]);
  if (!good) return Fault::dim_mismatch;
  if (out.size() == 0) return Fault::none;
  for (std::size_t d = 0; d < rank; ++d) {
    in.data += windows[d].begin * in.stride[added + d];
    in.stride[added + d] *= windows[d].size > 1 ? windows[d].step : 1;
  }
  for_each_index<R>(out.shape, [&](const auto& i) { at(out, i) = at(in, i); });
  return Fault::none;
}

}  // namespace inferc::ref
