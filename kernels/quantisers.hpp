#pragma once
#include "kernels/functor_base.hpp"

// Quantisers to fixed point, operation by operation as the functions inferc.fixed::Quantize_* are defined: x in units of the
// step 1 / scale is rounded, brought between the integers low and high, and made real again. NaN stays NaN.
namespace inferc::functors {
namespace fixed {

template <class T>
[[gnu::always_inline]] inline T floor(T v) {
  if constexpr (is_scalar<T>) return static_cast<T>(math64::floor(v));
  else return math::floor(v);
}
template <class T>
[[gnu::always_inline]] inline T ceil(T v) {
  if constexpr (is_scalar<T>) return static_cast<T>(math64::ceil(v));
  else return math::ceil(v);
}
// m >= 0 with the sign of v; what m is where v is 0 or NaN does not matter.
template <class T>
[[gnu::always_inline]] inline T with_sign(T m, T v) {
  const T zero{};
  return v > zero ? m : (v < zero ? -m : v);
}
template <class T>
[[gnu::always_inline]] inline T magnitude(T v) {
  const T zero{};
  return v < zero ? -v : v;
}

// Ways to round, named as those of ap_fixed.
struct TRN {  // down
  template <class T>
  static T apply(T v) {
    return floor(v);
  }
};
struct RND {  // to nearest, ties up
  template <class T>
  static T apply(T v) {
    return floor(v + 0.5f);
  }
};
struct RND_CONV {  // ties to even
  template <class T>
  static T apply(T v) {
    return rounded_once(v, [](double x) { return math64::rint(x); });
  }
};
struct TRN_ZERO {  // towards zero
  template <class T>
  static T apply(T v) {
    return with_sign(floor(magnitude(v)), v);
  }
};
struct RND_ZERO {  // ties towards zero
  template <class T>
  static T apply(T v) {
    return with_sign(ceil(magnitude(v) - 0.5f), v);
  }
};
struct RND_INF {  // ties away from zero
  template <class T>
  static T apply(T v) {
    return with_sign(floor(magnitude(v) + 0.5f), v);
  }
};
struct RND_MIN_INF {  // ties down
  template <class T>
  static T apply(T v) {
    return ceil(v - 0.5f);
  }
};

// What becomes of integers beyond low and high.
struct SAT {
  template <class T>
  static T apply(T r, T low, T high) {
    const T m = ((r < high) | (r != r)) ? r : high;
    return ((m > low) | (m != m)) ? m : low;
  }
};
struct WRAP {  // modulo high - low + 1
  template <class T>
  static T apply(T r, T low, T high) {
    const T n = (high - low) + 1.0f;
    return r - floor((r - low) / n) * n;
  }
};

}  // namespace fixed

template <class Rounding, class Overflow>
struct quantize {
  template <class T>
  static T apply(T x, T scale, T low, T high) {
    return Overflow::apply(Rounding::apply(x * scale), low, high) / scale;
  }
};

}  // namespace inferc::functors
