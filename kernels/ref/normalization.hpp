#pragma once
#include "kernels/ref/reduce.hpp"

// Normalisations as two steps: statistics over some dims (size 1 in the statistics' views), then an elementwise rule.
namespace inferc::ref {

// mean = sum(x) / n; inv = 1 / sqrt(sum((x - mean)^2) / n + epsilon).
template <class T, int R>
void moments(View<T, R> mean, View<T, R> inv, View<const T, R> x, double epsilon) {
  std::size_t count = 1;
  for (int d = 0; d < R; ++d)
    if (mean.shape[d] != x.shape[d]) count *= x.shape[d];
  const T n = static_cast<T>(count);
  for_each_index<R>(mean.shape, [&](const auto& i) {
    Sum<T> sum;
    reduce_detail::for_each_reduced(x, mean.shape, i, [&](T v) { sum.add(v); });
    const T m = at(mean, i) = sum.total() / n;
    Sum<T> squares;
    reduce_detail::for_each_reduced(x, mean.shape, i, [&](T v) { squares.add((v - m) * (v - m)); });
    at(inv, i) = T{1} / functors::sqrt::apply(squares.total() / n + static_cast<T>(epsilon));
  });
}

// inv = 1 / sqrt(sum(x^2) / n + epsilon).
template <class T, int R>
void inverse_rms(View<T, R> inv, View<const T, R> x, double epsilon) {
  std::size_t count = 1;
  for (int d = 0; d < R; ++d)
    if (inv.shape[d] != x.shape[d]) count *= x.shape[d];
  for_each_index<R>(inv.shape, [&](const auto& i) {
    Sum<T> squares;
    reduce_detail::for_each_reduced(x, inv.shape, i, [&](T v) { squares.add(v * v); });
    at(inv, i) = T{1} / functors::sqrt::apply(squares.total() / static_cast<T>(count) + static_cast<T>(epsilon));
  });
}

// inv = 1 / sqrt(var + epsilon).
template <class T, int R>
void inverse_deviation(View<T, R> inv, View<const T, R> var, double epsilon) {
  for_each_index<R>(inv.shape, [&](const auto& i) { at(inv, i) = T{1} / functors::sqrt::apply(at(var, i) + static_cast<T>(epsilon)); });
}

// out = ((x - mean) * inv) * scale + bias, the last two in one rounding for float. All views have the shape of x.
template <class T, class S, class U, int R>
void normalize(View<T, R> out, View<const T, R> x, View<const U, R> mean, View<const U, R> inv, View<const S, R> scale, View<const S, R> bias) {
  for_each_index<R>(out.shape, [&](const auto& i) {
    const T centred = (at(x, i) - static_cast<T>(at(mean, i))) * static_cast<T>(at(inv, i));
    at(out, i) = multiply_add(centred, static_cast<T>(at(scale, i)), static_cast<T>(at(bias, i)));
  });
}

// out = (x - mean) * inv.
template <class T, int R>
void standardize(View<T, R> out, View<const T, R> x, View<const T, R> mean, View<const T, R> inv) {
  for_each_index<R>(out.shape, [&](const auto& i) { at(out, i) = (at(x, i) - at(mean, i)) * at(inv, i); });
}

// out = V(x * inv) * scale.
template <class T, class V, int R>
void scale_rows(View<V, R> out, View<const T, R> x, View<const T, R> inv, View<const V, R> scale) {
  for_each_index<R>(out.shape, [&](const auto& i) { at(out, i) = static_cast<V>(at(x, i) * at(inv, i)) * at(scale, i); });
}

// out = x / norm along `axis` of [outer, axis, inner]; norm = sum |x| (p = 1) or sqrt(sum x^2); a norm of 0 gives 0.
template <class T>
void lp_normalization(T* out, const T* in, std::size_t outer, std::size_t axis, std::size_t inner, std::int64_t p) {
  for (std::size_t o = 0; o < outer; ++o)
    for (std::size_t i = 0; i < inner; ++i) {
      const T* x = in + o * axis * inner + i;
      T* y = out + o * axis * inner + i;
      T norm = sum<T>(axis, [&](std::size_t j) { return p == 1 ? functors::abs::apply(x[j * inner]) : x[j * inner] * x[j * inner]; });
      if (p == 2) norm = functors::sqrt::apply(norm);
      for (std::size_t j = 0; j < axis; ++j) y[j * inner] = norm == T{} ? T{} : x[j * inner] / norm;
    }
}

}  // namespace inferc::ref
