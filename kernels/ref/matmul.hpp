#pragma once
#include "kernels/ref/product_sum.hpp"
#include "kernels/view.hpp"

namespace inferc::ref {

// out[..., m, n] = sum over k of a[..., m, k] * b[..., k, n]; leading dims of equal shape, a stride of 0 broadcasts.
template <class T, int R>
void matmul(View<T, R> out, View<const T, R> a, View<const T, R> b) {
  constexpr int M = R - 2, N = R - 1;
  const std::size_t terms = a.shape[N], block = product_block(out.shape[N]);
  for_each_index<R>(out.shape, [&](const auto& i) {
    const T *row = a.data, *col = b.data;
    for (int d = 0; d < M; ++d) {
      row += static_cast<std::ptrdiff_t>(i[d]) * a.stride[d];
      col += static_cast<std::ptrdiff_t>(i[d]) * b.stride[d];
    }
    row += static_cast<std::ptrdiff_t>(i[M]) * a.stride[M];
    col += static_cast<std::ptrdiff_t>(i[N]) * b.stride[N];
    ProductSum<T> sum(block);
    for (std::size_t k = 0; k < terms; ++k) sum.add(row[static_cast<std::ptrdiff_t>(k) * a.stride[N]], col[static_cast<std::ptrdiff_t>(k) * b.stride[M]]);
    at(out, i) = sum.total();
  });
}

}  // namespace inferc::ref
