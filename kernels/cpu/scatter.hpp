#pragma once
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "kernels/cpu/copy.hpp"
#include "kernels/functors.hpp"
#include "kernels/ref/locate.hpp"

// Rows picked by index tuples, and a copy of the data into which updates are joined in order: element = F::apply(element,
// update), as kernels/ref/scatter.hpp defines it. Indices are checked before anything is written; the data may be the output.
namespace inferc::cpu {
namespace scatter_detail {

template <class T>
[[gnu::always_inline]] inline void start(T* out, const T* data, std::size_t size) {
  if (out != data) copy_detail::row(out, data, size);
}

template <class F, class T>
[[gnu::always_inline]] inline void join(T* to, const T* from, std::size_t n) {
  if (n == 1) {
    *to = F::apply(*to, *from);
  } else if constexpr (std::is_same_v<F, functors::second>) {
    copy_detail::row(to, from, n);
  } else {
    const Strided<T, 1, Step::unit> out{to, {1}};
    map_detail::row<F>(n, out, out, Strided<const T, 1, Step::unit>{from, {1}});
  }
}

// The element at index i of an axis, counted from the end where i is negative.
template <class I>
[[gnu::always_inline]] inline std::size_t position(I i, std::size_t axis) {
  return static_cast<std::size_t>(i < 0 ? static_cast<std::int64_t>(i) + static_cast<std::int64_t>(axis) : static_cast<std::int64_t>(i));
}

inline bool all_inside(const std::int64_t* indices, std::size_t count, std::size_t depth, const Sizes<8>& sizes) {
  for (std::size_t m = 0; m < count; ++m)
    if (ref::locate(indices + m * depth, depth, sizes) < 0) return false;
  return true;
}

}  // namespace scatter_detail

// out = data (`size` elements), then slices of `inner` elements at index tuples of `depth` entries; `sizes`: those of the
// indexed dims, at the end of the list.
template <class F, class T>
Fault scatter_nd(T* out, const T* data, const std::int64_t* indices, const T* updates, std::size_t size, std::size_t count, std::size_t depth,
                 std::size_t inner, Sizes<8> sizes) {
  if (!scatter_detail::all_inside(indices, count, depth, sizes)) return Fault::index_out_of_range;
  scatter_detail::start(out, data, size);
  for (std::size_t m = 0; m < count; ++m)
    scatter_detail::join<F>(out + static_cast<std::size_t>(ref::locate(indices + m * depth, depth, sizes)) * inner, updates + m * inner, inner);
  return Fault::none;
}

// The same with the slices' numbers, known to be good.
template <class F, class T>
void scatter_rows(T* out, const T* data, const std::int64_t* rows, const T* updates, std::size_t size, std::size_t count, std::size_t inner) {
  scatter_detail::start(out, data, size);
  for (std::size_t m = 0; m < count; ++m) scatter_detail::join<F>(out + static_cast<std::size_t>(rows[m]) * inner, updates + m * inner, inner);
}

// out[o, indices[o, m, i], i] = F::apply(itself, updates[o, m, i]) over [outer, count, inner], after out = data
// [outer, axis, inner]. `step`: strides of the indices; 0 along `inner` where whole rows move.
template <class F, class T, class I>
Fault scatter_elements(T* out, const T* data, const I* indices, const T* updates, std::size_t outer, std::size_t axis, std::size_t count, std::size_t inner,
                       Sizes<3> step) {
  const auto n = static_cast<std::int64_t>(axis);
  const std::size_t distinct = step.value[2] == 0 && inner > 0 ? 1 : inner;
  const auto at = [&](std::size_t o, std::size_t m, std::size_t i) {
    return indices[static_cast<std::int64_t>(o) * step.value[0] + static_cast<std::int64_t>(m) * step.value[1] + static_cast<std::int64_t>(i) * step.value[2]];
  };
  for (std::size_t o = 0; o < outer; ++o)
    for (std::size_t m = 0; m < count; ++m)
      for (std::size_t i = 0; i < distinct; ++i)
        if (at(o, m, i) < -n || at(o, m, i) >= n) return Fault::index_out_of_range;
  scatter_detail::start(out, data, outer * axis * inner);
  const std::size_t width = distinct == inner ? 1 : inner;  // elements that move together
  for (std::size_t o = 0; o < outer; ++o, out += axis * inner)
    for (std::size_t m = 0; m < count; ++m, updates += inner)
      for (std::size_t i = 0; i < distinct; ++i) scatter_detail::join<F>(out + scatter_detail::position(at(o, m, i), axis) * inner + i, updates + i, width);
  return Fault::none;
}

// out[b, m, :] = data[b, indices[b, m, 0], ..., indices[b, m, depth - 1], :], rows of `inner` elements.
template <class T>
Fault gather_nd(T* out, const T* data, const std::int64_t* indices, std::size_t batch, std::size_t count, std::size_t depth, std::size_t inner,
                Sizes<8> sizes) {
  if (!scatter_detail::all_inside(indices, batch * count, depth, sizes)) return Fault::index_out_of_range;
  std::size_t indexed = 1;
  for (std::size_t d = 0; d < depth; ++d) indexed *= static_cast<std::size_t>(sizes.value[8 - depth + d]);
  for (std::size_t b = 0; b < batch; ++b, data += indexed * inner)
    for (std::size_t m = 0; m < count; ++m, out += inner, indices += depth)
      copy_detail::row(out, data + static_cast<std::size_t>(ref::locate(indices, depth, sizes)) * inner, inner);
  return Fault::none;
}

}  // namespace inferc::cpu
