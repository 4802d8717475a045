#pragma once
#include "kernels/bits.hpp"
#include "kernels/fault.hpp"
#include "kernels/ref/product_sum.hpp"
#include "kernels/ref/sum.hpp"
#include "kernels/view.hpp"

namespace inferc::ref {

struct NoMask {};     // in place of a view of a mask
struct AllTokens {};  // in place of a pointer to the numbers of valid keys

namespace attention_detail {

template <class T, int R>
T& element(const View<T, R>& v, std::size_t b, std::size_t h, std::size_t s, std::size_t d) {
  return v.data[static_cast<std::ptrdiff_t>(b) * v.stride[R - 4] + static_cast<std::ptrdiff_t>(h) * v.stride[R - 3] +
                static_cast<std::ptrdiff_t>(s) * v.stride[R - 2] + static_cast<std::ptrdiff_t>(d) * v.stride[R - 1]];
}

template <class T>
T masked(NoMask, T score, std::size_t, std::size_t, std::size_t, std::size_t) {
  return score;
}
template <class T, class M, int R>
T masked(const View<const M, R>& mask, T score, std::size_t b, std::size_t h, std::size_t s, std::size_t t) {
  if (t >= mask.shape[R - 1]) return -limits::infinity<T>;
  if constexpr (std::is_same_v<M, bool>) return element(mask, b, h, s, t) ? score : -limits::infinity<T>;
  else return score + element(mask, b, h, s, t);
}
inline bool valid(AllTokens, std::size_t, std::size_t) { return true; }
inline bool valid(const std::int64_t* lengths, std::size_t b, std::size_t t) { return static_cast<std::int64_t>(t) < lengths[b]; }

}  // namespace attention_detail

// y = softmax(mask(softcap(scale * q k'))) v for q [batch, heads, rows, d], k [batch, kv heads, keys, d], v [batch, kv heads,
// keys, e]; heads are a multiple of kv heads. causal: row s sees keys up to s + past. `stage` of the scores goes to qk: 0 the
// scaled product, 1 after softcap, 2 after the mask, 3 the softmax. scratch: keys elements.
template <class T, class Mask, class Lengths, int R>
void attention(View<T, R> y, View<T, R> qk, T* scratch, View<const T, R> q, View<const T, R> k, View<const T, R> v, Mask mask, Lengths lengths, double scale,
               double softcap, bool causal, std::size_t past, std::int64_t stage) {
  using attention_detail::element;
  const std::size_t heads = q.shape[R - 3], rows = q.shape[R - 2], depth = q.shape[R - 1], keys = k.shape[R - 2];
  const std::size_t width = v.shape[R - 1], share = k.shape[R - 3] == 0 ? 1 : heads / k.shape[R - 3];
  const T factor = static_cast<T>(scale), cap = static_cast<T>(softcap);
  for (std::size_t b = 0; b < q.shape[R - 4]; ++b)
    for (std::size_t h = 0; h < heads; ++h)
      for (std::size_t s = 0; s < rows; ++s) {
        const auto show = [&](std::int64_t at, std::size_t t) {
          if (at == stage) element(qk, b, h, s, t) = scratch[t];
        };
        T top = -limits::infinity<T>;
        for (std::size_t t = 0; t < keys; ++t) {
          ProductSum<T> sum(product_block(keys));
          for (std::size_t d = 0; d < depth; ++d) sum.add(element(q, b, h, s, d), element(k, b, h / share, t, d));
          scratch[t] = sum.total() * factor;
          show(0, t);
          if (cap > T{}) scratch[t] = functors::tanh::apply(scratch[t] / cap) * cap;
          show(1, t);
          scratch[t] = attention_detail::masked(mask, scratch[t], b, h, s, t);
          if ((causal && t > s + past) || !attention_detail::valid(lengths, b, t)) scratch[t] = -limits::infinity<T>;
          show(2, t);
          top = functors::max::apply(scratch[t], top);
        }
        for (std::size_t t = 0; t < keys; ++t) scratch[t] = functors::exp_of_nonpositive::apply(scratch[t] - top);
        const T share_of_one = T{1} / sum<T>(keys, [&](std::size_t t) { return scratch[t]; });
        for (std::size_t t = 0; t < keys; ++t) {
          scratch[t] *= share_of_one;
          show(3, t);
        }
        for (std::size_t e = 0; e < width; ++e) {
          ProductSum<T> total(product_block(width));
          for (std::size_t t = 0; t < keys; ++t) total.add(scratch[t], element(v, b, h / share, t, e));
          element(y, b, h, s, e) = total.total();
        }
      }
}

}  // namespace inferc::ref
