#pragma once
#include "kernels/convert.hpp"
#include "kernels/math64.hpp"
#include "kernels/view.hpp"

// Quantisation to the formats that C++ lacks.
namespace inferc::ref {

// A quotient in float, or rounded to a type of 16 bits as its operands are.
struct in_float {
  static float apply(float x) { return x; }
};
template <class F>
struct through {
  static float apply(float x) { return formats::to_float<F>(formats::from_float<F>(x)); }
};

namespace quantize_detail {

// As O, a C++ integer or one of formats::. Integers: half to even, then saturating, NaN gives the lowest. Floats: a zero
// point other than 0 is added; rounded once, saturating if `saturate`.
template <class O, bool saturate>
formats::Stored<O> quantized(float x, formats::Stored<O> zero) {
  if constexpr (formats::is_native<O> || formats::is_small_integer<O>) {
    double low, high;
    if constexpr (formats::is_native<O>) low = limits::lowest<O>, high = limits::highest<O>;
    else low = O::lowest, high = O::highest;
    const double y = math64::rint(static_cast<double>(x)) + static_cast<double>(zero);
    return static_cast<formats::Stored<O>>(y >= high ? high : y > low ? y : low);
  } else {
    const double z = formats::decode<O>(zero), y = static_cast<double>(x);
    return formats::encode<O>(z != 0 ? static_cast<double>(x + static_cast<float>(z)) : y, saturate);
  }
}

}  // namespace quantize_detail

// y = x / scale + zero as O, the quotient by Q.
template <class O, bool saturate, class Q, class X, int R>
void quantize_low(View<formats::Stored<O>, R> y, View<const X, R> x, View<const float, R> scale, View<const formats::Stored<O>, R> zero) {
  for_each_index<R>(y.shape, [&](const auto& i) {
    const float quotient = Q::apply(Q::apply(static_cast<float>(at(x, i))) / Q::apply(at(scale, i)));
    at(y, i) = quantize_detail::quantized<O, saturate>(quotient, at(zero, i));
  });
}

// y = (x - zero) * scale.
template <class I, int R>
void dequantize_low(View<float, R> y, View<const formats::Stored<I>, R> x, View<const float, R> scale, View<const formats::Stored<I>, R> zero) {
  for_each_index<R>(y.shape, [&](const auto& i) {
    const auto centred = formats::value<I>(at(x, i)) - formats::value<I>(at(zero, i));
    at(y, i) = static_cast<float>(centred) * at(scale, i);
  });
}

}  // namespace inferc::ref
