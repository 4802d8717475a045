#pragma once
#include "kernels/bits.hpp"
#include "kernels/ref/fold.hpp"
#include "kernels/ref/product_sum.hpp"
#include "kernels/view.hpp"

namespace inferc::ref {

template <class T>
constexpr T lowest() {
  if constexpr (std::is_same_v<T, bool>) return false;
  else return limits::has_infinity<T> ? -limits::infinity<T> : limits::lowest<T>;
}
template <class T>
constexpr T highest() {
  if constexpr (std::is_same_v<T, bool>) return true;
  else return limits::has_infinity<T> ? limits::infinity<T> : limits::highest<T>;
}

// A real result as T; integers truncate and saturate, NaN gives the lowest value.
template <class T>
constexpr T from_real(double x) {
  if constexpr (!std::is_integral_v<T>) {
    return static_cast<T>(x);
  } else {
    constexpr double top = static_cast<double>(limits::highest<T> / 2 + 1) * 2;
    if (x >= top) return limits::highest<T>;
    return x > static_cast<double>(limits::lowest<T>) ? static_cast<T>(x) : limits::lowest<T>;
  }
}
template <class F, class T>
T real_function(T x) {
  if constexpr (std::is_integral_v<T>) return from_real<T>(F::apply(static_cast<double>(x)));
  else return F::apply(x);
}

// Reductions: State takes the elements in order; result() is called once with their number.
struct reduce_sum {
  template <class T>
  struct State {
    Sum<T> sum{};
    constexpr void add(T x) { sum.add(x); }
    constexpr T result(std::size_t) { return sum.total(); }
  };
};
struct reduce_mean {  // of nothing: NaN, 0 for integers
  template <class T>
  struct State {
    Sum<T> sum{};
    constexpr void add(T x) { sum.add(x); }
    constexpr T result(std::size_t n) {
      if constexpr (std::is_integral_v<T>) return n == 0 ? T{} : static_cast<T>(sum.total() / static_cast<T>(n));
      else return sum.total() / static_cast<T>(n);
    }
  };
};
struct reduce_prod {
  template <class T>
  struct State {
    Fold<functors::mul, T> product{T{1}};
    constexpr void add(T x) { product.add(x); }
    constexpr T result(std::size_t) { return product.total(); }
  };
};
struct reduce_max {  // NaN wins
  template <class T>
  struct State {
    T value = lowest<T>();
    constexpr void add(T x) { value = functors::max::apply(x, value); }
    constexpr T result(std::size_t) const { return value; }
  };
};
struct reduce_min {
  template <class T>
  struct State {
    T value = highest<T>();
    constexpr void add(T x) { value = functors::min::apply(x, value); }
    constexpr T result(std::size_t) const { return value; }
  };
};
struct reduce_l1 {
  template <class T>
  struct State {
    Sum<T> sum{};
    constexpr void add(T x) {
      if constexpr (std::is_unsigned_v<T>) sum.add(x);
      else sum.add(functors::abs::apply(x));
    }
    constexpr T result(std::size_t) { return sum.total(); }
  };
};
struct reduce_sum_square {
  template <class T>
  struct State {
    Sum<T> sum{};
    constexpr void add(T x) { sum.add(functors::mul::apply(x, x)); }
    constexpr T result(std::size_t) { return sum.total(); }
  };
};
struct reduce_l2 {
  template <class T>
  struct State {
    Sum<T> sum{};
    constexpr void add(T x) { sum.add(functors::mul::apply(x, x)); }
    T result(std::size_t) { return real_function<functors::sqrt>(sum.total()); }
  };
};
struct reduce_log_sum {
  template <class T>
  struct State {
    Sum<T> sum{};
    constexpr void add(T x) { sum.add(x); }
    T result(std::size_t) { return real_function<functors::log>(sum.total()); }
  };
};

namespace reduce_detail {

// f(element) over the elements of `in` that fall to index `i` of a result with size 1 along the reduced dims.
template <class T, int R, class F>
constexpr void for_each_reduced(const View<T, R>& in, const std::size_t (&out_shape)[R > 0 ? R : 1], const std::size_t (&i)[R > 0 ? R : 1], F f) {
  View<T, R> part = in;
  for (int d = 0; d < R; ++d) {
    part.data += static_cast<std::ptrdiff_t>(i[d]) * in.stride[d];
    if (out_shape[d] == in.shape[d]) part.shape[d] = 1;
  }
  for_each_index<R>(part.shape, [&](const auto& j) { f(at(part, j)); });
}

}  // namespace reduce_detail

// out has the shape of `in` with 1 for each reduced dim; elements are taken in row-major order.
template <class Op, class T, int R>
void reduce(View<T, R> out, View<const T, R> in) {
  std::size_t count = 1;
  for (int d = 0; d < R; ++d)
    if (out.shape[d] != in.shape[d]) count *= in.shape[d];
  for_each_index<R>(out.shape, [&](const auto& i) {
    typename Op::template State<T> state{};
    reduce_detail::for_each_reduced(in, out.shape, i, [&](T x) { state.add(x); });
    at(out, i) = state.result(count);
  });
}

// log(sum(exp(x - max))) + max; a maximum that is not finite is the result.
template <class T, int R>
void reduce_log_sum_exp(View<T, R> out, View<const T, R> in) {
  using Real = std::conditional_t<std::is_integral_v<T>, double, T>;
  for_each_index<R>(out.shape, [&](const auto& i) {
    Real top = lowest<Real>();
    reduce_detail::for_each_reduced(in, out.shape, i, [&](T x) { top = functors::max::apply(static_cast<Real>(x), top); });
    if (top - top == Real{}) {
      Sum<Real> sum;
      reduce_detail::for_each_reduced(in, out.shape, i, [&](T x) { sum.add(functors::exp::apply(static_cast<Real>(x) - top)); });
      top = functors::log::apply(sum.total()) + top;
    }
    at(out, i) = from_real<T>(static_cast<double>(top));
  });
}

}  // namespace inferc::ref
