#pragma once
#include "kernels/ref/product_sum.hpp"
#include "kernels/view.hpp"

namespace inferc::ref {

// out = sum of a * b over the dims where out has size 1 and the operands more, in row-major order, by blocks as in a
// product of `columns` columns; a and b have the shape of the whole index space, a stride of 0 repeats.
template <class T, int R>
void einsum(View<T, R> out, View<const T, R> a, View<const T, R> b, std::size_t columns) {
  std::size_t summed[R > 0 ? R : 1];
  for (int d = 0; d < R; ++d) summed[d] = out.shape[d] == a.shape[d] ? 1 : a.shape[d];
  for_each_index<R>(out.shape, [&](const auto& i) {
    ProductSum<T> sum(product_block(columns));
    for_each_index<R>(summed, [&](const auto& k) {
      std::ptrdiff_t at_a = 0, at_b = 0;
      for (int d = 0; d < R; ++d) {
        const auto index = static_cast<std::ptrdiff_t>(i[d] + k[d]);  // one of the two is 0
        at_a += index * a.stride[d];
        at_b += index * b.stride[d];
      }
      sum.add(a.data[at_a], b.data[at_b]);
    });
    at(out, i) = sum.total();
  });
}

}  // namespace inferc::ref
