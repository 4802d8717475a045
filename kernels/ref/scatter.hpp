#pragma once
#include "kernels/fault.hpp"
#include "kernels/functors.hpp"
#include "kernels/ref/locate.hpp"

// A copy of the data into which updates are joined, in order: element = F::apply(element, update).
namespace inferc::ref {

// The index on one axis, counted from the end (1 is the last), is replaced by indices[i...] (ONNX ScatterElements 18).
template <class F, class T, class I, int R>
Fault scatter_elements(View<T, R> out, View<const T, R> data, View<const I, R> indices, View<const T, R> updates, std::size_t axis_from_end) {
  const std::size_t axis = static_cast<std::size_t>(R) - axis_from_end;
  const auto n = static_cast<std::int64_t>(data.shape[axis]);
  bool inside = true;
  for_each_index<R>(indices.shape, [&](const auto& i) { inside &= at(indices, i) >= -n && at(indices, i) < n; });
  if (!inside) return Fault::index_out_of_range;
  for_each_index<R>(out.shape, [&](const auto& i) { at(out, i) = at(data, i); });
  for_each_index<R>(indices.shape, [&](const auto& i) {
    std::size_t to[R > 0 ? R : 1];
    for (int d = 0; d < R; ++d) to[d] = i[d];
    const auto index = static_cast<std::int64_t>(at(indices, i));
    to[axis] = static_cast<std::size_t>(index < 0 ? index + n : index);
    at(out, to) = F::apply(at(out, to), at(updates, i));
  });
  return Fault::none;
}

// Slices of `inner` elements at index tuples of `depth` entries (ONNX ScatterND 18). `sizes`: those of the indexed dims,
// at the end of the list.
template <class F, class T>
Fault scatter_nd(T* out, const T* data, const std::int64_t* indices, const T* updates, std::size_t size, std::size_t count, std::size_t depth,
                 std::size_t inner, Sizes<8> sizes) {
  for (std::size_t m = 0; m < count; ++m)
    if (locate(indices + m * depth, depth, sizes) < 0) return Fault::index_out_of_range;
  for (std::size_t k = 0; k < size; ++k) out[k] = data[k];
  for (std::size_t m = 0; m < count; ++m) {
    T* const to = out + static_cast<std::size_t>(locate(indices + m * depth, depth, sizes)) * inner;
    for (std::size_t i = 0; i < inner; ++i) to[i] = F::apply(to[i], updates[m * inner + i]);
  }
  return Fault::none;
}

}  // namespace inferc::ref
