#pragma once
#include "kernels/ref/product_sum.hpp"
#include "kernels/ref/window.hpp"

namespace inferc::ref {

// out[n, g filters + f, o] = sum over taps k, then channels c, of x[n, g channels + c, o stride + k dilation - pad] *
// w[g filters + f, c, k], plus bias[(g filters + f) bias_stride]; elements outside of x are zeros. The terms are summed in
// blocks as in a product with `filters` columns.
template <class T, int S>
void conv(T* out, const T* x, const T* w, const T* bias, std::size_t bias_stride, std::size_t batch, std::size_t groups, std::size_t channels,
          std::size_t filters, Sizes<S> in, Sizes<S> kernel, Sizes<S> out_size, Sizes<S> stride, Sizes<S> dilation, Sizes<S> pad) {
  const Window<S> window{in, kernel, out_size, stride, dilation, pad};
  const std::size_t taps = elements(kernel), plane = elements(in), out_plane = elements(out_size);
  for (std::size_t n = 0; n < batch; ++n)
    for (std::size_t m = 0; m < groups * filters; ++m) {
      const T* const from = x + (n * groups + m / filters) * channels * plane;
      T* const to = out + (n * groups * filters + m) * out_plane;
      for_each_position(out_size, [&](const std::size_t(&o)[S], std::size_t o_flat) {
        ProductSum<T> sum(product_block(filters));
        for_each_position(kernel, [&](const std::size_t(&k)[S], std::size_t k_flat) {
          std::size_t at = 0;
          const bool inside = window.find(o, k, at);
          for (std::size_t c = 0; c < channels; ++c) sum.add(inside ? from[c * plane + at] : T{}, w[(m * channels + c) * taps + k_flat]);
        });
        to[o_flat] = sum.total() + bias[m * bias_stride];
      });
    }
}

// The gradient of conv: x[n, g channels + c, i] * w[g channels + c, f, k] goes to out[n, g filters + f, i stride +
// k dilation - pad]; the terms of an output are summed over taps, then channels, in blocks as in conv.
template <class T, int S>
void conv_transpose(T* out, const T* x, const T* w, const T* bias, std::size_t bias_stride, std::size_t batch, std::size_t groups, std::size_t channels,
                    std::size_t filters, Sizes<S> in, Sizes<S> kernel, Sizes<S> out_size, Sizes<S> stride, Sizes<S> dilation, Sizes<S> pad) {
  const std::size_t taps = elements(kernel), plane = elements(in), out_plane = elements(out_size);
  // The input position that tap k carries to output position o; false if there is none.
  const auto source = [&](const std::size_t(&o)[S], const std::size_t(&k)[S], std::size_t& at) {
    at = 0;
    for (int d = 0; d < S; ++d) {
      const std::int64_t i = static_cast<std::int64_t>(o[d]) + pad.value[d] - static_cast<std::int64_t>(k[d]) * dilation.value[d];
      if (i < 0 || i % stride.value[d] != 0 || i / stride.value[d] >= in.value[d]) return false;
      at = at * static_cast<std::size_t>(in.value[d]) + static_cast<std::size_t>(i / stride.value[d]);
    }
    return true;
  };
  for (std::size_t n = 0; n < batch; ++n)
    for (std::size_t m = 0; m < groups * filters; ++m) {
      const std::size_t first = m / filters * channels;
      T* const to = out + (n * groups * filters + m) * out_plane;
      for_each_position(out_size, [&](const std::size_t(&o)[S], std::size_t o_flat) {
        ProductSum<T> sum(product_block(filters));
        for_each_position(kernel, [&](const std::size_t(&k)[S], std::size_t k_flat) {
          std::size_t at = 0;
          if (!source(o, k, at)) return;
          for (std::size_t c = first; c < first + channels; ++c)
            sum.add(x[(n * groups * channels + c) * plane + at], w[(c * filters + m % filters) * taps + k_flat]);
        });
        to[o_flat] = sum.total() + bias[m * bias_stride];
      });
    }
}

}  // namespace inferc::ref
