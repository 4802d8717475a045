#pragma once
#include "kernels/ref/quantize.hpp"
#include "kernels/ref/window.hpp"
#include "kernels/simd.hpp"

// Operators on bytes as ONNX Runtime 1.32 computes them on x86-64 with AVX2: the order of operations decides ties. Here a zero point is
// added before the result is rounded, where ONNX's QuantizeLinear adds it after.
namespace inferc::ref {

// ra a + (rb b + fixed), both by fma; ra, rb: the scales over that of y; fixed = zero_y - (ra zero_a + rb zero_b), the first product by fma.
template <class T, int R>
void qlinear_add(View<T, R> y, View<const T, R> a, View<const T, R> b, const float* scale_a, const T* zero_a, const float* scale_b, const T* zero_b,
                 const float* scale_y, const T* zero_y) {
  const float ra = *scale_a / *scale_y, rb = *scale_b / *scale_y;
  const float fixed = static_cast<float>(*zero_y) - fma(ra, static_cast<float>(*zero_a), rb * static_cast<float>(*zero_b));
  for_each_index<R>(y.shape,
                    [&](const auto& i) { at(y, i) = saturate(fma(static_cast<float>(at(a, i)), ra, fma(static_cast<float>(at(b, i)), rb, fixed)), T{0}); });
}

// (a - zero_a)(b - zero_b) (scale_a scale_b / scale_y) + zero_y, each operation rounded.
template <class T, int R>
void qlinear_mul(View<T, R> y, View<const T, R> a, View<const T, R> b, const float* scale_a, const T* zero_a, const float* scale_b, const T* zero_b,
                 const float* scale_y, const T* zero_y) {
  const float scale = *scale_a * *scale_b / *scale_y;
  for_each_index<R>(y.shape, [&](const auto& i) {
    const int product = (at(a, i) - *zero_a) * (at(b, i) - *zero_b);
    at(y, i) = saturate(static_cast<float>(product) * scale + static_cast<float>(*zero_y), T{0});
  });
}

// The mean of scale_x (x - zero_x), added up tap by tap, over scale_y, + zero_y; the mean is over the elements inside of the input,
// or over all taps.
template <class T, int S>
void qlinear_average_pool(T* y, const T* x, const float* scale_x, const T* zero_x, const float* scale_y, const T* zero_y, std::size_t planes, bool include_pad,
                          Sizes<S> in, Sizes<S> kernel, Sizes<S> out_size, Sizes<S> stride, Sizes<S> dilation, Sizes<S> pad) {
  const Window<S> window{in, kernel, out_size, stride, dilation, pad};
  const std::size_t plane = elements(in), out_plane = elements(out_size), taps = elements(kernel);
  for (std::size_t p = 0; p < planes; ++p)
    for_each_position(out_size, [&](const std::size_t(&o)[S], std::size_t o_flat) {
      float sum = 0;
      std::size_t inside = 0;
      for_each_position(kernel, [&](const std::size_t(&k)[S], std::size_t) {
        std::size_t at = 0;
        if (!window.find(o, k, at)) return;
        sum += *scale_x * static_cast<float>(x[p * plane + at] - *zero_x);
        ++inside;
      });
      const float mean = sum / static_cast<float>(include_pad ? taps : inside);
      y[p * out_plane + o_flat] = saturate(mean / *scale_y + static_cast<float>(*zero_y), T{0});
    });
}

// round(scale_x / (scale_y n) sum of (x - zero_x)) + zero_y over the n elements of each plane, the sum in integers.
template <class T>
void qlinear_global_average_pool(T* y, const T* x, const float* scale_x, const T* zero_x, const float* scale_y, const T* zero_y, std::size_t planes,
                                 std::size_t n) {
  const float scale = *scale_x / (*scale_y * static_cast<float>(n));
  for (std::size_t p = 0; p < planes; ++p) {
    std::int64_t sum = 0;
    for (std::size_t k = 0; k < n; ++k) sum += x[p * n + k] - *zero_x;
    y[p] = saturate(static_cast<float>(sum) * scale, *zero_y);
  }
}

}  // namespace inferc::ref
