#pragma once
#include <cstdint>
#include <type_traits>

#include "kernels/activations.hpp"
#include "kernels/bits.hpp"
#include "kernels/cast.hpp"
#include "kernels/functor_base.hpp"
#include "kernels/quantisers.hpp"

// Elementwise operators: one struct each, `apply` on scalars of any element type and on float vectors. Comparisons of
// vectors give lane masks; `select` takes them. Integer arithmetic wraps (computed unsigned).
namespace inferc::functors {

struct add {
  template <class T>
  [[gnu::always_inline]] static T apply(T a, T b) {
    if constexpr (is_whole<T>) return static_cast<T>(static_cast<Unsigned<T>>(a) + static_cast<Unsigned<T>>(b));
    else return a + b;
  }
};
struct sub {
  template <class T>
  [[gnu::always_inline]] static T apply(T a, T b) {
    if constexpr (is_whole<T>) return static_cast<T>(static_cast<Unsigned<T>>(a) - static_cast<Unsigned<T>>(b));
    else return a - b;
  }
};
struct mul {
  template <class T>
  [[gnu::always_inline]] static T apply(T a, T b) {
    if constexpr (is_whole<T>) return static_cast<T>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
    else return a * b;
  }
};
// Integers truncate; INT_MIN / -1 wraps; a zero divisor gives 0 (the kernel reports it).
struct div {
  template <class T>
  [[gnu::always_inline]] static T apply(T a, T b) {
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
  [[gnu::always_inline]] static T apply(T a) {
    if constexpr (is_whole<T>) return static_cast<T>(0 - static_cast<Unsigned<T>>(a));
    else return -a;
  }
};
struct abs {
  template <class T>
  [[gnu::always_inline]] static T apply(T a) {
    if constexpr (is_whole<T>) return a < 0 ? neg::apply(a) : a;
    else if constexpr (std::is_same_v<T, double>) return math64::abs(a);
    else return inferc::abs(a);
  }
};
// NaN in either operand gives NaN.
struct max {
  template <class T>
  [[gnu::always_inline]] static T apply(T a, T b) {
    return ((a > b) | (a != a)) ? a : b;
  }
};
struct min {
  template <class T>
  [[gnu::always_inline]] static T apply(T a, T b) {
    return ((a < b) | (a != a)) ? a : b;
  }
};
// low > high gives high
struct clip {
  template <class T>
  [[gnu::always_inline]] static T apply(T x, T low, T high) {
    return min::apply(max::apply(x, low), high);
  }
};
// Remainder with the sign of the divisor; a zero divisor gives 0 (the kernel reports it).
struct mod {
  template <class T>
  [[gnu::always_inline]] static T apply(T a, T b) {
    if (b == 0 || (std::is_signed_v<T> && b == static_cast<T>(-1))) return 0;
    const T r = static_cast<T>(a % b);
    return r != 0 && (r < 0) != (b < 0) ? static_cast<T>(r + b) : r;
  }
};
// Remainder with the sign of the dividend.
struct fmod {
  template <class T>
  [[gnu::always_inline]] static T apply(T a, T b) {
    if constexpr (is_whole<T>) return b == 0 || (std::is_signed_v<T> && b == static_cast<T>(-1)) ? T{0} : static_cast<T>(a % b);
    else return rounded_once(a, b, [](double x, double y) { return math64::fmod(x, y); });
  }
};
struct relu {
  template <class T>
  [[gnu::always_inline]] static T apply(T x) {
    return x < T{} ? T{} : x;
  }
};
struct sqrt {
  template <class T>
  [[gnu::always_inline]] static T apply(T x) {
    if constexpr (std::is_same_v<T, double>) return math64::sqrt(x);
    else return inferc::sqrt(x);
  }
};
struct prelu {
  template <class T>
  [[gnu::always_inline]] static T apply(T x, T slope) {
    return x < T{} ? mul::apply(x, slope) : x;
  }
};
struct reciprocal {
  template <class T>
  [[gnu::always_inline]] static T apply(T x) {
    return (T{} + 1) / x;
  }
};
struct exp {
  template <class T>
  [[gnu::always_inline]] static T apply(T x) {
    return by_width(x, [](auto v) { return math::exp(v); }, [](double v) { return math64::exp(v); });
  }
};
struct exp_of_nonpositive {
  template <class T>
  [[gnu::always_inline]] static T apply(T x) {
    return by_width(x, [](auto v) { return math::exp_of_nonpositive(v); }, [](double v) { return math64::exp(v); });
  }
};
struct log {
  template <class T>
  [[gnu::always_inline]] static T apply(T x) {
    return by_width(x, [](auto v) { return math::log(v); }, [](double v) { return math64::log(v); });
  }
};
struct tanh {
  template <class T>
  [[gnu::always_inline]] static T apply(T x) {
    return by_width(x, [](auto v) { return math::tanh(v); }, [](double v) { return math64::tanh(v); });
  }
};
struct erf {
  template <class T>
  [[gnu::always_inline]] static T apply(T x) {
    return by_width(x, [](auto v) __attribute__((always_inline)) { return math::erf(v); }, [](double v) { return math64::erf(v); });
  }
};
struct sigmoid {
  template <class T>
  [[gnu::always_inline]] static T apply(T x) {
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
  [[gnu::always_inline]] static T apply(T x) {
    return x;
  }
};

struct equal {
  template <class T>
  [[gnu::always_inline]] static auto apply(T a, T b) {
    return a == b;
  }
};
struct greater {
  template <class T>
  [[gnu::always_inline]] static auto apply(T a, T b) {
    return a > b;
  }
};
struct greater_or_equal {
  template <class T>
  [[gnu::always_inline]] static auto apply(T a, T b) {
    return a >= b;
  }
};
struct less {
  template <class T>
  [[gnu::always_inline]] static auto apply(T a, T b) {
    return a < b;
  }
};
struct less_or_equal {
  template <class T>
  [[gnu::always_inline]] static auto apply(T a, T b) {
    return a <= b;
  }
};
// Of bools, or of lane masks.
struct logical_not {
  template <class M>
  [[gnu::always_inline]] static M apply(M a) {
    if constexpr (is_scalar<M>) return !a;
    else return ~a;
  }
};
struct logical_and {
  template <class M>
  [[gnu::always_inline]] static M apply(M a, M b) {
    if constexpr (is_scalar<M>) return a && b;
    else return a & b;
  }
};
struct logical_or {
  template <class M>
  [[gnu::always_inline]] static M apply(M a, M b) {
    if constexpr (is_scalar<M>) return a || b;
    else return a | b;
  }
};
struct logical_xor {
  template <class M>
  [[gnu::always_inline]] static M apply(M a, M b) {
    if constexpr (is_scalar<M>) return a != b;
    else return a ^ b;
  }
};
// c: bool, or the lane mask of a comparison
struct where {
  template <class C, class T>
  [[gnu::always_inline]] static T apply(C c, T a, T b) {
    return c ? a : b;
  }
};
struct is_nan {
  template <class T>
  [[gnu::always_inline]] static auto apply(T x) {
    return x != x;
  }
};
struct is_inf {
  template <class T>
  [[gnu::always_inline]] static auto apply(T x, float positive, float negative) {
    const T infinity = T{} + static_cast<Parameter<T>>(__builtin_inff());
    if constexpr (is_scalar<T>) {
      return (x == infinity && positive != 0) || (x == -infinity && negative != 0);
    } else {
      const auto above = x == infinity, below = x == -infinity;
      return (above & -static_cast<int>(positive != 0)) | (below & -static_cast<int>(negative != 0));
    }
  }
};
struct second {
  template <class T>
  [[gnu::always_inline]] static T apply(T, T b) {
    return b;
  }
};
struct bitwise_and {
  template <class T>
  [[gnu::always_inline]] static T apply(T a, T b) {
    return static_cast<T>(a & b);
  }
};
struct bitwise_or {
  template <class T>
  [[gnu::always_inline]] static T apply(T a, T b) {
    return static_cast<T>(a | b);
  }
};
struct bitwise_xor {
  template <class T>
  [[gnu::always_inline]] static T apply(T a, T b) {
    return static_cast<T>(a ^ b);
  }
};
struct bitwise_not {
  template <class T>
  [[gnu::always_inline]] static T apply(T a) {
    return static_cast<T>(~a);
  }
};
// Shifts by the width or more give 0.
struct shift_left {
  template <class T>
  [[gnu::always_inline]] static T apply(T a, T b) {
    return b >= sizeof(T) * 8 ? T{0} : static_cast<T>(static_cast<std::uint64_t>(a) << b);
  }
};
struct shift_right {
  template <class T>
  [[gnu::always_inline]] static T apply(T a, T b) {
    return b >= sizeof(T) * 8 ? T{0} : static_cast<T>(a >> b);
  }
};
// Half to even.
struct round {
  template <class T>
  [[gnu::always_inline]] static T apply(T x) {
    return rounded_once(x, [](double v) { return math64::rint(v); });
  }
};
struct floor {
  template <class T>
  [[gnu::always_inline]] static T apply(T x) {
    if constexpr (is_scalar<T>) return static_cast<T>(math64::floor(x));
    else return math::floor(x);
  }
};
struct ceil {
  template <class T>
  [[gnu::always_inline]] static T apply(T x) {
    if constexpr (is_scalar<T>) return static_cast<T>(math64::ceil(x));
    else return math::ceil(x);
  }
};
struct sign {
  template <class T>
  [[gnu::always_inline]] static T apply(T x) {
    if constexpr (is_scalar<T>) {
      return x != x ? x : static_cast<T>((x > T{}) - (x < T{}));
    } else {
      const T zero{}, one = zero + 1;
      return x != x ? x : (x > zero ? one : (x < zero ? -one : zero));
    }
  }
};
// Integers wrap; a negative power of an integer, or a fractional one, is rounded as Cast does. x^2 is x * x; others of
// float are the double function rounded once.
struct pow {
  template <class T, class E>
  [[gnu::always_inline]] static T apply(T x, E e) {
    if constexpr (is_whole<T> && is_whole<E>) return integer_power(x, e);
    else if constexpr (is_whole<T>) return cast<T>::apply(math64::pow(static_cast<double>(x), static_cast<double>(e)));
    else if constexpr (is_scalar<T>) return e == E{2} ? x * x : static_cast<T>(math64::pow(static_cast<double>(x), static_cast<double>(e)));
    else return rounded_once(x, e, [](double v, double w) { return w == 2 ? v * v : math64::pow(v, w); });
  }

 private:
  template <class T, class E>
  static T integer_power(T x, E e) {
    if (std::is_signed_v<E> && e < E{0}) {
      if (x == 0) return limits::lowest<T>;
      return x == 1 || x == static_cast<T>(-1) ? (e % 2 == 0 ? T{1} : x) : T{0};
    }
    T out = 1;
    for (; e != 0; e = static_cast<E>(e / 2)) {
      if (e % 2 != 0) out = mul::apply(out, x);
      x = mul::apply(x, x);
    }
    return out;
  }
};

// Parameters come as trailing scalars.
struct leaky_relu {
  template <class T>
  [[gnu::always_inline]] static T apply(T x, float alpha) {
    return x < T{} ? x * static_cast<Parameter<T>>(alpha) : x;
  }
};
struct elu {
  template <class T>
  [[gnu::always_inline]] static T apply(T x, float alpha) {
    const T below = by_width(x, [](auto v) { return math::expm1_negative(v); }, [](double v) { return math64::expm1(v); });
    return x < T{} ? below * static_cast<Parameter<T>>(alpha) : x;
  }
};
struct hard_sigmoid {
  template <class T>
  [[gnu::always_inline]] static T apply(T x, float alpha, float beta) {
    const T zero{}, one = zero + 1, a = zero + static_cast<Parameter<T>>(alpha), b = zero + static_cast<Parameter<T>>(beta);
    const T y = multiply_add(x, a, b), low = y < zero ? zero : y;
    return low > one ? one : low;
  }

 private:
  template <class T>
  static T multiply_add(T x, T a, T b) {
    if constexpr (std::is_same_v<T, double>) return x * a + b;
    else return inferc::fma(x, a, b);
  }
};

}  // namespace inferc::functors
