#pragma once
#include "kernels/functor_base.hpp"
#include "kernels/gelu.hpp"
#include "kernels/trig64.hpp"

// Functions and activations of one operand; parameters come as trailing scalars.
namespace inferc::functors {

#define INFERC_ROUNDED(name)                                            \
  struct name {                                                         \
    template <class T>                                                  \
    [[gnu::always_inline]] static T apply(T x) {                        \
      return rounded_once(x, [](double v) { return math64::name(v); }); \
    }                                                                   \
  };
INFERC_ROUNDED(tan)
INFERC_ROUNDED(asin)
INFERC_ROUNDED(acos)
INFERC_ROUNDED(sinh)
INFERC_ROUNDED(cosh)
INFERC_ROUNDED(asinh)
INFERC_ROUNDED(acosh)
INFERC_ROUNDED(atanh)
INFERC_ROUNDED(sin)
INFERC_ROUNDED(cos)
#undef INFERC_ROUNDED

struct atan {
  template <class T>
  [[gnu::always_inline]] static T apply(T x) {
    return by_width(x, [](auto v) { return math::atan(v); }, [](double v) { return math64::atan(v); });
  }
};

// log(1 + e^x) without overflow
struct softplus {
  template <class T>
  [[gnu::always_inline]] static T apply(T x) {
    return by_width(
        x, [](auto v) __attribute__((always_inline)) { return math::softplus(v); },
        [](double v) { return (v > 0 ? v : 0.0) + math64::log1p(math64::exp(-math64::abs(v))); });
  }
};
struct softsign {
  template <class T>
  [[gnu::always_inline]] static T apply(T x) {
    if constexpr (std::is_same_v<T, double>) return x / (1 + math64::abs(x));
    else return x / (inferc::abs(x) + 1);
  }
};
// x clip(x + 3, 0, 6) / 6: the sum is exact where the result is small.
struct hard_swish {
  template <class T>
  [[gnu::always_inline]] static T apply(T x) {
    const T zero{}, six = zero + 6, y = x + 3;
    const T low = y < zero ? zero : y;
    return x * ((low > six ? six : low) * static_cast<Parameter<T>>(1.0 / 6));
  }
};
struct thresholded_relu {
  template <class T>
  [[gnu::always_inline]] static T apply(T x, float alpha) {
    const T limit = T{} + static_cast<Parameter<T>>(alpha);
    return ((x > limit) | (x != x)) ? x : T{};
  }
};
struct shrink {
  template <class T>
  [[gnu::always_inline]] static T apply(T x, float bias, float lambda) {
    const T b = static_cast<T>(T{} + static_cast<Parameter<T>>(bias)), l = static_cast<T>(T{} + static_cast<Parameter<T>>(lambda));
    const T low = static_cast<T>(x + b), high = static_cast<T>(x - b);
    return x < -l ? low : x > l ? high : (x != x ? x : T{});
  }
};

// x / 2 (1 + erf(x / sqrt 2))
struct gelu {
  template <class T>
  [[gnu::always_inline]] static T apply(T x) {
    return by_width(
        x, [](auto v) __attribute__((always_inline)) { return math::gelu(v); }, [](double v) { return v * 0.5 * math64::erfc(v * -0.70710678118654752440); });
  }
};
// x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))
struct gelu_tanh {
  template <class T>
  [[gnu::always_inline]] static T apply(T x) {
    return by_width(
        x, [](auto v) __attribute__((always_inline)) { return math::gelu_tanh(v); },
        [](double v) { return v * 0.5 * (1 + math64::tanh(0.79788456080286535588 * (v + 0.044715 * v * v * v))); });
  }
};
// Of float these are the double expression rounded once.
struct mish {  // x tanh(softplus(x))
  template <class T>
  [[gnu::always_inline]] static T apply(T x) {
    return rounded_once(x, [](double v) { return v * math64::tanh(softplus::apply(v)); });
  }
};
struct swish {  // x sigmoid(alpha x)
  template <class T>
  [[gnu::always_inline]] static T apply(T x, float alpha) {
    return rounded_once(x, [alpha](double v) { return v / (1 + math64::exp(-static_cast<double>(alpha) * v)); });
  }
};
struct selu {
  template <class T>
  [[gnu::always_inline]] static T apply(T x, float alpha, float gamma) {
    return rounded_once(x, [alpha, gamma](double v) { return static_cast<double>(gamma) * (v > 0 ? v : static_cast<double>(alpha) * math64::expm1(v)); });
  }
};
struct celu {
  template <class T>
  [[gnu::always_inline]] static T apply(T x, float alpha) {
    return rounded_once(x, [alpha](double v) {
      const double a = static_cast<double>(alpha);
      return v > 0 || v != v ? v : a * math64::expm1(v / a);
    });
  }
};

}  // namespace inferc::functors
