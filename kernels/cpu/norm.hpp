#pragma once
#include "kernels/cpu/fold.hpp"
#include "kernels/dim.hpp"

// Normalisation of rows, the same bits as kernels/ref/normalization.hpp. Scale, bias and what follows are an epilogue.
namespace inferc::cpu {

// The affine step after a normalisation: x * scale + bias, rounded once.
struct multiply_add {
  template <class V>
  [[gnu::always_inline]] static V apply(V x, V scale, V bias) {
    return fma(x, scale, bias);
  }
};

namespace norm_detail {

struct Moments {
  float mean, inverse;  // 1 / sqrt(variance + epsilon)
};

// The square of each element's distance to the mean.
[[gnu::always_inline]] inline F32x16 squares(F32x16 x, float mean) {
  for (int i = 0; i < F32x16::parts; ++i) {
    const Vec d = x.part[i] - splat<Vec>(mean);
    x.part[i] = d * d;
  }
  return x;
}

template <class N>
[[gnu::always_inline]] inline float inverse_root(float sum, N n, float epsilon) {
  return 1.0f / inferc::sqrt(sum / static_cast<float>(std::size_t{n}) + epsilon);
}

template <class N>
[[gnu::always_inline]] inline Moments moments(const float* x, N n, float epsilon) {
  const float sum = fold_row<functors::add>(n, 0.0f, [&](std::size_t j, auto count) { return load16(x + j, count); });
  const float mean = sum / static_cast<float>(std::size_t{n});
  const float square_sum = fold_row<functors::add>(n, 0.0f, [&](std::size_t j, auto count) { return squares(load16(x + j, count), mean); });
  return {mean, inverse_root(square_sum, n, epsilon)};
}

// y = epilogue((x - mean) * inverse), in vectors.
template <class N, class Epilogue>
[[gnu::always_inline]] inline void apply(float* y, const float* x, N n, Moments m, std::size_t row, const Epilogue& epilogue) {
  const Vec mean = splat<Vec>(m.mean), inverse = splat<Vec>(m.inverse);
  std::size_t j = 0;
  for (; j + lanes <= n; j += lanes) store(y + j, epilogue((load<Vec>(x + j) - mean) * inverse, row, j, Whole{}));
  if (j < n) {
    const Vec v = load_first<Vec>(x + j, n - j, mean);
    store_first(y + j, epilogue((v - mean) * inverse, row, j, n - j), n - j);
  }
}

}  // namespace norm_detail

// Rows [begin, end): out = epilogue((x - mean) / sqrt(variance + epsilon)); strides in elements.
template <class B, class E, class LDO, class LDI, class N, class Epilogue>
void layer_norm(Range<B, E> rows, float* out, LDO ldo, const float* in, LDI ldi, N n, float epsilon, Epilogue epilogue) {
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    const float* x = in + row * ldi;
    norm_detail::apply(out + row * ldo, x, n, norm_detail::moments(x, n, epsilon), row, epilogue);
  }
}

// out = epilogue(x / sqrt(mean(x^2) + epsilon)).
template <class B, class E, class LDO, class LDI, class N, class Epilogue>
void rms_norm(Range<B, E> rows, float* out, LDO ldo, const float* in, LDI ldi, N n, float epsilon, Epilogue epilogue) {
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    const float* x = in + row * ldi;
    const float sum = fold_row<functors::add>(n, 0.0f, [&](std::size_t j, auto count) { return norm_detail::squares(load16(x + j, count), 0.0f); });
    norm_detail::apply(out + row * ldo, x, n, {0.0f, norm_detail::inverse_root(sum, n, epsilon)}, row, epilogue);
  }
}

// Groups [begin, end) of a dense [items, groups, channels, size]: statistics over channels x size, then
// fma(x', scale[c], bias[c]) with c counting the groups * channels of an item.
template <class B, class E>
void group_norm(Range<B, E> all, float* out, const float* in, std::size_t groups, std::size_t channels, std::size_t size, float epsilon, const float* scale,
                const float* bias) {
  struct Affine {
    float scale, bias;
    [[gnu::always_inline]] Vec operator()(Vec x, std::size_t, std::size_t, Whole) const { return fma(x, splat<Vec>(scale), splat<Vec>(bias)); }
    [[gnu::always_inline]] Vec operator()(Vec x, std::size_t, std::size_t, std::size_t) const { return fma(x, splat<Vec>(scale), splat<Vec>(bias)); }
  };
  for (std::size_t group = all.begin; group < all.end; ++group) {
    const std::size_t at = group * channels * size, first = group % groups * channels;
    const norm_detail::Moments m = norm_detail::moments(in + at, channels * size, epsilon);
    for (std::size_t c = 0; c < channels; ++c)
      norm_detail::apply(out + at + c * size, in + at + c * size, size, m, 0, Affine{scale[first + c], bias[first + c]});
  }
}

}  // namespace inferc::cpu
