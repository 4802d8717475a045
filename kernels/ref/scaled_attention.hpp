#pragma once
#include "kernels/ref/product_sum.hpp"
#include "kernels/ref/softmax.hpp"
#include "kernels/view.hpp"

namespace inferc::ref {

// out = softmax(q k^T * scale + mask) v on [batch, heads, length, size]; mask broadcast by its strides, one of a single
// element 0 where there is none. Each part rounds as the operators MatMul, Mul, Add, Softmax, MatMul would. `nan_to_zero`:
// a NaN among the probabilities counts as 0 (a query whose keys are all masked). `scores`: scratch of 2 * keys elements.
template <class T, int R>
void scaled_attention(View<T, R> out, View<const T, R> q, View<const T, R> k, View<const T, R> v, View<const T, R> mask, T* scores, double scale, bool masked,
                      bool nan_to_zero) {
  constexpr int L = R - 2, D = R - 1;
  const std::size_t keys = k.shape[L], size = q.shape[D], key_block = product_block(keys), value_block = product_block(out.shape[D]);
  const auto step = [](std::size_t i, std::ptrdiff_t stride) { return static_cast<std::ptrdiff_t>(i) * stride; };
  std::size_t rows[R];
  for (int d = 0; d < R; ++d) rows[d] = d == D ? 1 : out.shape[d];
  if (out.shape[D] == 0) return;
  for_each_index<R>(rows, [&](const auto& i) {
    const T *qi = &at(q, i), *ki = k.data, *vi = v.data, *mi = &at(mask, i);
    for (int d = 0; d < L; ++d) ki += step(i[d], k.stride[d]), vi += step(i[d], v.stride[d]);
    for (std::size_t j = 0; j < keys; ++j) {
      ProductSum<T> dot(key_block);
      for (std::size_t c = 0; c < size; ++c) dot.add(qi[step(c, q.stride[D])], ki[step(j, k.stride[L]) + step(c, k.stride[D])]);
      const T score = dot.total() * static_cast<T>(scale);
      scores[j] = masked ? score + mi[step(j, mask.stride[D])] : score;
    }
    T* const p = scores + keys;
    softmax(p, scores, 1, keys, 1);
    if (nan_to_zero)
      for (std::size_t j = 0; j < keys; ++j) p[j] = p[j] == p[j] ? p[j] : T{};
    for (std::size_t c = 0; c < out.shape[D]; ++c) {
      ProductSum<T> sum(value_block);
      for (std::size_t j = 0; j < keys; ++j) sum.add(p[j], vi[step(j, v.stride[L]) + step(c, v.stride[D])]);
      (&at(out, i))[step(c, out.stride[D])] = sum.total();
    }
  });
}

}  // namespace inferc::ref
