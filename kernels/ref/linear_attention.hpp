#pragma once
#include "kernels/ref/constantly.hpp"
#include "kernels/ref/product_sum.hpp"
#include "kernels/view.hpp"

namespace inferc::ref {

struct LinearAttentionSizes {
  std::size_t batch, steps, q_heads, kv_heads, key, value, decay, beta;
};

// Per batch item and head a state S [key, value], token by token: S *= exp(decay), u = v or beta (v - k S), S += k u,
// out = scale q S. Heads are packed into the last axis; query heads share the state of a key head in groups. `decay` has
// one element per head or per key element, `beta` one per head or one.
template <class T, class Past, class Decay, class Beta>
void linear_attention(T* out, T* state, const T* q, const T* k, const T* v, Past past, Decay decay, Beta beta, Sizes<8> sizes, double scale, bool gated,
                      bool delta) {
  const auto size = [&](int d) { return static_cast<std::size_t>(sizes.value[d]); };
  const LinearAttentionSizes n{size(0), size(1), size(2), size(3), size(4), size(5), size(6), size(7)};
  const std::size_t group = n.kv_heads == 0 ? 0 : n.q_heads / n.kv_heads, block = product_block(n.value);
  for (std::size_t b = 0; b < n.batch; ++b)
    for (std::size_t h = 0; h < n.kv_heads; ++h) {
      const std::size_t first = (b * n.kv_heads + h) * n.key * n.value;
      T* const s = state + first;
      for (std::size_t i = 0; i < n.key * n.value; ++i) s[i] = static_cast<T>(past[first + i]);
      for (std::size_t t = 0; t < n.steps; ++t) {
        const std::size_t token = b * n.steps + t;
        const T* const key = k + (token * n.kv_heads + h) * n.key;
        for (std::size_t d = 0; gated && d < n.key; ++d) {
          const std::size_t at = token * n.decay + (n.decay == n.kv_heads ? h : h * n.key + d);
          const T factor = functors::exp::apply(static_cast<T>(decay[at]));
          for (std::size_t m = 0; m < n.value; ++m) s[d * n.value + m] *= factor;
        }
        for (std::size_t m = 0; m < n.value; ++m) {
          T u = v[(token * n.kv_heads + h) * n.value + m];
          if (delta) {
            ProductSum<T> retrieved(block);
            for (std::size_t d = 0; d < n.key; ++d) retrieved.add(key[d], s[d * n.value + m]);
            u = static_cast<T>(beta[token * n.beta + (n.beta == 1 ? 0 : h)]) * (u - retrieved.total());
          }
          for (std::size_t d = 0; d < n.key; ++d) s[d * n.value + m] = multiply_add(key[d], u, s[d * n.value + m]);
        }
        for (std::size_t g = 0; g < group; ++g) {
          const std::size_t head = token * n.q_heads + h * group + g;
          for (std::size_t m = 0; m < n.value; ++m) {
            ProductSum<T> read(block);
            for (std::size_t d = 0; d < n.key; ++d) read.add(q[head * n.key + d], s[d * n.value + m]);
            out[head * n.value + m] = static_cast<T>(scale) * read.total();
          }
        }
      }
    }
}

}  // namespace inferc::ref
