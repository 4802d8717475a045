#pragma once
#include "kernels/ref/matmul.hpp"

namespace inferc::ref {

// alpha and beta in T; integers take their truncated values.
template <class T>
T scaled(double factor, T x) {
  return factor == 1 ? x : functors::mul::apply(static_cast<T>(factor), x);
}

// out[m, n] = alpha * (a b)[m, n] + beta * c[m, n].
template <class T, int R>
void gemm(View<T, R> out, View<const T, R> a, View<const T, R> b, View<const T, R> c, Params<2> p) {
  matmul(out, a, b);
  const double alpha = p.value[0], beta = p.value[1];
  for_each_index<R>(out.shape, [&](const auto& i) { at(out, i) = functors::add::apply(scaled(alpha, at(out, i)), scaled(beta, at(c, i))); });
}

// Without c.
template <class T, int R>
void scaled_matmul(View<T, R> out, View<const T, R> a, View<const T, R> b, double alpha) {
  matmul(out, a, b);
  for_each_index<R>(out.shape, [&](const auto& i) { at(out, i) = scaled(alpha, at(out, i)); });
}

}  // namespace inferc::ref
