#pragma once
#include "kernels/fault.hpp"
#include "kernels/view.hpp"

namespace inferc::ref {

// out[i...] = data[i... with the index on one axis replaced by indices[i...]]; the axis counts from the end: 1 is the
// last. Negative indices count from the end (ONNX GatherElements 13).
template <class T, class I, int R>
Fault gather_elements(View<T, R> out, View<const T, R> data, View<const I, R> indices, std::size_t axis_from_end) {
  const std::size_t axis = static_cast<std::size_t>(R) - axis_from_end;
  const auto n = static_cast<std::int64_t>(data.shape[axis]);
  bool inside = true;
  for_each_index<R>(indices.shape, [&](const auto& i) { inside &= at(indices, i) >= -n && at(indices, i) < n; });
  if (!inside) return Fault::index_out_of_range;
  for_each_index<R>(indices.shape, [&](const auto& i) {
    std::size_t from[R > 0 ? R : 1];
    for (int d = 0; d < R; ++d) from[d] = i[d];
    const auto index = static_cast<std::int64_t>(at(indices, i));
    from[axis] = static_cast<std::size_t>(index < 0 ? index + n : index);
    at(out, i) = at(data, from);
  });
  return Fault::none;
}

}  // namespace inferc::ref
