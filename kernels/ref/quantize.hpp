#pragma once

#include "kernels/bits.hpp"
#include "kernels/functors.hpp"
#include "kernels/ref/window.hpp"
#include "kernels/view.hpp"

namespace inferc::ref {

// round(x) + zero as O: half to even, saturating; NaN gives the lowest value.
template <class O>
O saturate(float x, O zero) {
  const double y = math64::rint(static_cast<double>(x)) + static_cast<double>(zero);
  constexpr double low = limits::lowest<O>, high = limits::highest<O>;
  return y >= high ? limits::highest<O> : y > low ? static_cast<O>(y) : limits::lowest<O>;
}

// y = saturate(round(x / scale) + zero), the division in float.
template <class O, class X, int R>
void quantize_linear(View<O, R> y, View<const X, R> x, View<const float, R> scale, View<const O, R> zero) {
  for_each_index<R>(y.shape, [&](const auto& i) { at(y, i) = saturate(static_cast<float>(at(x, i)) / at(scale, i), at(zero, i)); });
}

// y = (x - zero) * scale.
template <class X, int R>
void dequantize_linear(View<float, R> y, View<const X, R> x, View<const float, R> scale, View<const X, R> zero) {
  for_each_index<R>(y.shape, [&](const auto& i) {
    const std::int64_t centred = static_cast<std::int64_t>(at(x, i)) - static_cast<std::int64_t>(at(zero, i));
    at(y, i) = static_cast<float>(centred) * at(scale, i);
  });
}

// Scale and zero point from the range of x widened to contain 0; equal bounds give scale 1.
template <class T>
void dynamic_quantize_linear(std::uint8_t* y, float* scale, std::uint8_t* zero, const T* x, std::size_t n) {
  float low = 0, high = 0;
  for (std::size_t i = 0; i < n; ++i) {
    low = functors::min::apply(x[i], low);
    high = functors::max::apply(x[i], high);
  }
  *scale = high == low ? 1.0f : (high - low) / 255.0f;
  *zero = saturate((0.0f - low) / *scale, std::uint8_t{0});
  for (std::size_t i = 0; i < n; ++i) y[i] = saturate(x[i] / *scale, *zero);
}

// y = saturate(round(sum * (a b / c)) + zero) for the scales a, b of the operands and c of the result.
template <class O, int R>
void requantize(View<O, R> y, View<const std::int32_t, R> sum, View<const float, R> a, View<const float, R> b, View<const float, R> c, View<const O, R> zero) {
  for_each_index<R>(y.shape, [&](const auto& i) { at(y, i) = saturate(static_cast<float>(at(sum, i)) * (at(a, i) * at(b, i) / at(c, i)), at(zero, i)); });
}

// out[..., m, n] = sum over k of (a - zero_a)[..., m, k] * (b - zero_b)[..., k, n], wrapping.
template <class A, class B, int R>
void matmul_integer(View<std::int32_t, R> out, View<const A, R> a, View<const B, R> b, View<const A, R> zero_a, View<const B, R> zero_b) {
  constexpr int M = R - 2, N = R - 1;
  for_each_index<R>(out.shape, [&](const auto& i) {
    std::size_t ia[R], ib[R];
    for (int d = 0; d < R; ++d) ia[d] = ib[d] = i[d];
    std::uint32_t sum = 0;
    for (std::size_t k = 0; k < a.shape[N]; ++k) {
      ia[N] = ib[M] = k;
      const std::int32_t x = static_cast<std::int32_t>(at(a, ia)) - static_cast<std::int32_t>(at(zero_a, ia));
      const std::int32_t y = static_cast<std::int32_t>(at(b, ib)) - static_cast<std::int32_t>(at(zero_b, ib));
      sum += static_cast<std::uint32_t>(x * y);
    }
    at(out, i) = static_cast<std::int32_t>(sum);
  });
}

// ref::conv on (x - zero_x) and (w - zero_w) with sums that wrap; zero_w, bias per filter, stride 0 for one value.
template <class X, class W, int S>
void conv_integer(std::int32_t* out, const X* x, const W* w, const X* zero_x, const W* zero_w, std::size_t zero_w_stride, const std::int32_t* bias,
                  std::size_t bias_stride, std::size_t batch, std::size_t groups, std::size_t channels, std::size_t filters, Sizes<S> in, Sizes<S> kernel,
                  Sizes<S> out_size, Sizes<S> stride, Sizes<S> dilation, Sizes<S> pad) {
  const Window<S> window{in, kernel, out_size, stride, dilation, pad};
  const std::size_t taps = elements(kernel), plane = elements(in), out_plane = elements(out_size);
  for (std::size_t n = 0; n < batch; ++n)
    for (std::size_t m = 0; m < groups * filters; ++m) {
      const X* const from = x + (n * groups + m / filters) * channels * plane;
      const std::int32_t zx = *zero_x, zw = zero_w[m * zero_w_stride];
      for_each_position(out_size, [&](const std::size_t(&o)[S], std::size_t o_flat) {
        auto sum = static_cast<std::uint32_t>(bias[m * bias_stride]);
        for_each_position(kernel, [&](const std::size_t(&k)[S], std::size_t k_flat) {
          std::size_t at = 0;
          if (!window.find(o, k, at)) return;
          for (std::size_t c = 0; c < channels; ++c)
            sum += static_cast<std::uint32_t>((static_cast<std::int32_t>(from[c * plane + at]) - zx) *
                                              (static_cast<std::int32_t>(w[(m * channels + c) * taps + k_flat]) - zw));
        });
        out[(n * groups * filters + m) * out_plane + o_flat] = static_cast<std::int32_t>(sum);
      });
    }
}

}  // namespace inferc::ref
