#pragma once
#include <cstdint>
#include <type_traits>

#include "kernels/math.hpp"
#include "kernels/math64.hpp"

// What functors are made of.
namespace inferc::functors {

template <class T>
inline constexpr bool is_scalar = std::is_arithmetic_v<T>;
template <class T>
inline constexpr bool is_whole = std::is_integral_v<T> && !std::is_same_v<T, bool>;
template <class T>
using Unsigned = std::make_unsigned_t<T>;
// The type of a functor's parameter beside operands of type T.
template <class T>
using Parameter = std::conditional_t<is_scalar<T>, T, float>;

// A float function for float scalars (one lane of the vector form, same bits), its double twin for double.
template <class T, class F32Function, class F64Function>
[[gnu::always_inline]] inline T by_width(T x, F32Function f, F64Function g) {
  if constexpr (std::is_same_v<T, double>) return g(x);
  else if constexpr (std::is_same_v<T, float>) return f(splat<F32<4>>(x))[0];
  else return f(x);
}

// A double function for every floating-point type: of float rounded once, lane by lane.
template <class T, class F64Function>
[[gnu::always_inline]] inline T rounded_once(T x, F64Function g) {
  if constexpr (is_scalar<T>) {
    return static_cast<T>(g(static_cast<double>(x)));
  } else {
    T y;
    for (int i = 0; i < lane_count<T>; ++i) y[i] = static_cast<float>(g(static_cast<double>(x[i])));
    return y;
  }
}
template <class T, class F64Function>
[[gnu::always_inline]] inline T rounded_once(T x, T y, F64Function g) {
  if constexpr (is_scalar<T>) {
    return static_cast<T>(g(static_cast<double>(x), static_cast<double>(y)));
  } else {
    T out;
    for (int i = 0; i < lane_count<T>; ++i) out[i] = static_cast<float>(g(static_cast<double>(x[i]), static_cast<double>(y[i])));
    return out;
  }
}

}  // namespace inferc::functors
