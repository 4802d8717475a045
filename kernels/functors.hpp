#pragma once
#include <cstdint>
#include <type_traits>

#include "kernels/math.hpp"
#include "kernels/math64.hpp"

// Elementwise operators: one struct each, `apply` on scalars of any element type and on float vectors. Comparisons of
// vectors give lane masks; `select` takes them. Integer arithmetic wraps (computed unsigned).
namespace inferc::functors {

template <class T>
inline constexpr bool is_scalar = std::is_arithmetic_v<T>;
template <class T>
inline constexpr bool is_whole = std::is_integral_v<T> && !std::is_same_v<T, bool>;
template <class T>
using Unsigned = std::make_unsigned_t<T>;

// A float function for float scalars (one lane of the vector form, same bits), its double twin for double.
template <class T, class F32Function, class F64Function>
[[gnu::always_inline]] inline T by_width(T x, F32Function f, F64Function g) {
  if constexpr (std::is_same_v<T, double>)
    return g(x);
  else if constexpr (std::is_same_v<T, float>)
    return f(splat<F32<4>>(x))[0];
  else
    return f(x);
}

struct add {
  template <class T>
  static T apply(T a, T b) {
    if constexpr (is_whole<T>) return static_cast<T>(static_cast<Unsigned<T>>(a) + static_cast<Unsigned<T>>(b));
    else return a + b;
  }
};
struct sub {
  template <class T>
  static T apply(T a, T b) {
    if constexpr (is_whole<T>) return static_cast<T>(static_cast<Unsigned<T>>(a) - static_cast<Unsigned<T>>(b));
    else return a - b;
  }
};
struct mul {
  template <class T>
  static T apply(T a, T b) {
    if constexpr (is_whole<T>) return static_cast<T>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
    else return a * b;
  }
};
// Integers truncate; INT_MIN / -1 wraps; a zero divisor gives 0 (the kernel reports it).
struct div {
  template <class T>
  static T apply(T a, T b) {
    if constexpr (is_whole<T>) {
      if (b == 0) return 0;
      if (std::is_signed_v<T> && b == static_cast<T>(-1)) return static_cast<T>(0 - static_cast<Unsigned<T>>(a));
      return static_cast<T>(a / b);
    } else {
      return a / b;
    }
  }
};
struct neg {
  template <class T>
  static T apply(T a) {
    if constexpr (is_whole<T>) return static_cast<T>(0 - static_cast<Unsigned<T>>(a));
    else return -a;
  }
};
struct abs {
  template <class T>
  static T apply(T a) {
    if constexpr (is_whole<T>) return a < 0 ? neg::apply(a) : a;
    else if constexpr (std::is_same_v<T, double>) return math64::abs(a);
    else return inferc::abs(a);
  }
};
// NaN in either operand gives NaN.
struct max {
  template <class T>
  static T apply(T a, T b) {
    return (a > b) | (a != a) ? a : b;
  }
};
struct min {
  template <class T>
  static T apply(T a, T b) {
    return (a < b) | (a != a) ? a : b;
  }
};
struct relu {
  template <class T>
  static T apply(T x) {
    return x < T{} ? T{} : x;
  }
};
struct sqrt {
  template <class T>
  static T apply(T x) {
    if constexpr (std::is_same_v<T, double>) return math64::sqrt(x);
    else return inferc::sqrt(x);
  }
};
struct reciprocal {
  template <class T>
  static T apply(T x) {
    return (T{} + 1) / x;
  }
};
struct exp {
  template <class T>
  static T apply(T x) {
    return by_width(x, [](auto v) { return math::exp(v); }, [](double v) { return math64::exp(v); });
  }
};
struct log {
  template <class T>
  static T apply(T x) {
    return by_width(x, [](auto v) { return math::log(v); }, [](double v) { return math64::log(v); });
  }
};
struct tanh {
  template <class T>
  static T apply(T x) {
    return by_width(x, [](auto v) { return math::tanh(v); }, [](double v) { return math64::tanh(v); });
  }
};
struct erf {
  template <class T>
  static T apply(T x) {
    return by_width(x, [](auto v) { return math::erf(v); }, [](double v) { return math64::erf(v); });
  }
};
struct sigmoid {
  template <class T>
  static T apply(T x) {
    return by_width(
        x, [](auto v) { return math::sigmoid(v); },
        [](double v) {
          const double e = math64::exp(-math64::abs(v));
          return (v < 0 ? e : 1.0) / (1.0 + e);
        });
  }
};
struct identity {
  template <class T>
  static T apply(T x) {
    return x;
  }
};

struct equal {
  template <class T>
  static auto apply(T a, T b) { return a == b; }
};
struct greater {
  template <class T>
  static auto apply(T a, T b) { return a > b; }
};
struct greater_or_equal {
  template <class T>
  static auto apply(T a, T b) { return a >= b; }
};
struct less {
  template <class T>
  static auto apply(T a, T b) { return a < b; }
};
struct less_or_equal {
  template <class T>
  static auto apply(T a, T b) { return a <= b; }
};
struct logical_not {
  static bool apply(bool a) { return !a; }
};
struct logical_and {
  static bool apply(bool a, bool b) { return a && b; }
};
struct logical_or {
  static bool apply(bool a, bool b) { return a || b; }
};
struct logical_xor {
  static bool apply(bool a, bool b) { return a != b; }
};
struct where {
  template <class T>
  static T apply(bool c, T a, T b) {
    return c ? a : b;
  }
};
struct floor {
  template <class T>
  static T apply(T x) {
    static_assert(is_scalar<T>);
    return static_cast<T>(math64::floor(x));
  }
};
struct ceil {
  template <class T>
  static T apply(T x) {
    static_assert(is_scalar<T>);
    return static_cast<T>(math64::ceil(x));
  }
};
struct sign {
  template <class T>
  static T apply(T x) {
    return x != x ? x : static_cast<T>((x > T{}) - (x < T{}));
  }
};
// x^2 and x^0.5 are exact forms; others by the double function rounded once.
struct pow {
  template <class T, class E>
  static T apply(T x, E e) {
    if constexpr (is_whole<T>) return integer_power(x, e);
    else if (e == E{2}) return x * x;
    else return static_cast<T>(math64::pow(static_cast<double>(x), static_cast<double>(e)));
  }

 private:
  template <class T, class E>
  static T integer_power(T x, E e) {
    if constexpr (!is_whole<E>) return static_cast<T>(math64::pow(static_cast<double>(x), static_cast<double>(e)));
    else {
      if (e < 0) return x == 1 ? T{1} : T{0};
      T out = 1;
      for (; e > 0; e = static_cast<E>(e / 2)) {
        if (e % 2 != 0) out = mul::apply(out, x);
        x = mul::apply(x, x);
      }
      return out;
    }
  }
};

// Parameters come as trailing scalars.
struct leaky_relu {
  template <class T>
  static T apply(T x, float alpha) {
    return x < T{} ? x * static_cast<std::conditional_t<is_scalar<T>, T, float>>(alpha) : x;
  }
};
struct elu {
  template <class T>
  static T apply(T x, float alpha) {
    return x < T{} ? (exp::apply(x) - 1) * static_cast<std::conditional_t<is_scalar<T>, T, float>>(alpha) : x;
  }
};
struct hard_sigmoid {
  template <class T>
  static T apply(T x, float alpha, float beta) {
    const T zero{}, one = zero + 1, y = x * static_cast<std::conditional_t<is_scalar<T>, T, float>>(alpha) +
                                        static_cast<std::conditional_t<is_scalar<T>, T, float>>(beta);
    const T low = y < zero ? zero : y;
    return low > one ? one : low;
  }
};

}  // namespace inferc::functors
