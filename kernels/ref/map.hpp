#pragma once
#include <utility>

#include "kernels/fault.hpp"
#include "kernels/functors.hpp"
#include "kernels/view.hpp"

// out[i...] = F::apply(in[i...]..., parameters...) for equal shapes; a stride of 0 broadcasts.
namespace inferc::ref {
namespace map_detail {

template <class F, int N, class... T, std::size_t... P>
constexpr auto call(const Params<N>& p, std::index_sequence<P...>, T... x) {
  return F::apply(x..., static_cast<float>(p.value[P])...);
}

}  // namespace map_detail

template <class F, class O, class A, int R, int N>
void map1(View<O, R> out, View<const A, R> a, Params<N> p) {
  for_each_index<R>(out.shape, [&](const auto& i) { at(out, i) = static_cast<O>(map_detail::call<F>(p, std::make_index_sequence<N>{}, at(a, i))); });
}

template <class F, class O, class A, class B, int R>
void map2(View<O, R> out, View<const A, R> a, View<const B, R> b) {
  for_each_index<R>(out.shape, [&](const auto& i) { at(out, i) = static_cast<O>(F::apply(at(a, i), at(b, i))); });
}

template <class F, class O, class A, class B, class C, int R>
void map3(View<O, R> out, View<const A, R> a, View<const B, R> b, View<const C, R> c) {
  for_each_index<R>(out.shape, [&](const auto& i) { at(out, i) = static_cast<O>(F::apply(at(a, i), at(b, i), at(c, i))); });
}

template <class F, class O, class A, class B, class C, class D, int R>
void map4(View<O, R> out, View<const A, R> a, View<const B, R> b, View<const C, R> c, View<const D, R> d) {
  for_each_index<R>(out.shape, [&](const auto& i) { at(out, i) = static_cast<O>(F::apply(at(a, i), at(b, i), at(c, i), at(d, i))); });
}

// map2 for integer division: a zero divisor is a fault, found before anything is written.
template <class F, class T, int R>
Fault divide(View<T, R> out, View<const T, R> a, View<const T, R> b) {
  bool zero = false;
  for_each_index<R>(out.shape, [&](const auto& i) { zero |= at(b, i) == T{}; });
  if (zero) return Fault::division_by_zero;
  map2<F>(out, a, b);
  return Fault::none;
}

}  // namespace inferc::ref
