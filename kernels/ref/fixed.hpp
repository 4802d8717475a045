#pragma once
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "kernels/bits.hpp"
#include "kernels/fixed.hpp"
#include "kernels/ref/window.hpp"

// Operators on integers that stand for multiples of powers of two. Everything is computed in 64 bits; nothing overflows.
namespace inferc::ref {

namespace fixed_detail {

inline float float_of(std::int64_t bits) { return bit_cast<float>(static_cast<std::int32_t>(bits)); }

// fixed::Step as its six numbers.
inline std::int64_t stepped(const std::int64_t* step, std::int64_t v, const std::int64_t* table, std::size_t stride, std::size_t col) {
  const auto operand = [&](const std::int64_t* o) { return o[0] != 0 ? table[static_cast<std::size_t>(o[1]) * stride + col] : o[1]; };
  const std::int64_t a = operand(step + 2), b = operand(step + 4);
  switch (static_cast<fixed::Step>(step[0])) {
    case fixed::Step::add:
      return v + a;
    case fixed::Step::shift_left:
      return v << a;
    case fixed::Step::shift_right:
      return fixed::shift_right(static_cast<fixed::Round>(step[1]), v, a);
    case fixed::Step::at_least:
      return fixed::at_least(v, a);
    case fixed::Step::at_most:
      return fixed::at_most(v, a);
    case fixed::Step::wrap:
      return fixed::wrap(v, a, b);
    case fixed::Step::leaky:
      return fixed::leaky(v, a, b);
    case fixed::Step::rescale:
      return fixed::rescaled(v, float_of(a), float_of(b));
  }
  return v;
}

// The steps' result as O; float: times `unit`.
template <class O>
O finished(std::int64_t v, const std::int64_t* steps, std::size_t count, const std::int64_t* table, std::size_t stride, std::size_t col, float unit) {
  for (std::size_t i = 0; i < count; ++i) v = stepped(steps + i * fixed::step_numbers, v, table, stride, col);
  if constexpr (std::is_same_v<O, float>) return static_cast<float>(v) * unit;
  else return static_cast<O>(v);
}

}  // namespace fixed_detail

// y[r, c] = steps(x[r, c]); the table has `stride` columns.
template <class O, class X>
void fixed_map(O* y, const X* x, const std::int64_t* table, const std::int64_t* steps, std::size_t count, std::size_t rows, std::size_t cols,
               std::size_t stride, float unit) {
  for (std::size_t i = 0; i < rows * cols; ++i) y[i] = fixed_detail::finished<O>(x[i], steps, count, table, stride, i % (cols == 0 ? 1 : cols), unit);
}

// y[o, c, i] = table[x[o, c, i] + offset[c]].
template <class O, class X>
void fixed_table(O* y, const X* x, const O* table, const std::int32_t* offset, std::size_t outer, std::size_t cols, std::size_t inner) {
  for (std::size_t i = 0; i < outer * cols * inner; ++i) y[i] = table[static_cast<std::int64_t>(x[i]) + offset[i / inner % cols]];
}

// y[i] = steps(a[i] 2^shift_a + b[i] 2^shift_b).
template <class O, class X>
void fixed_add(O* y, const X* a, const X* b, std::int64_t shift_a, std::int64_t shift_b, const std::int64_t* table, const std::int64_t* steps,
               std::size_t count, std::size_t n, float unit) {
  const auto shifted = [](X v, std::int64_t by) { return static_cast<std::int64_t>(v) * (std::int64_t{1} << by); };
  for (std::size_t i = 0; i < n; ++i) y[i] = fixed_detail::finished<O>(shifted(a[i], shift_a) + shifted(b[i], shift_b), steps, count, table, 1, 0, unit);
}

// y[r, n] = steps(sum over k of x[r, k] w[k, n]).
template <class O, class X>
void fixed_linear(O* y, const X* x, const std::int32_t* w, const std::int64_t* table, const std::int64_t* steps, std::size_t count, std::size_t rows,
                  std::size_t n, std::size_t k, std::size_t stride, float unit) {
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t j = 0; j < n; ++j) {
      std::int64_t sum = 0;
      for (std::size_t i = 0; i < k; ++i) sum += static_cast<std::int64_t>(x[r * k + i]) * w[i * n + j];
      y[r * n + j] = fixed_detail::finished<O>(sum, steps, count, table, stride, j, unit);
    }
}

// The integer that x quantised is a multiple of 1 / scale by; parameters `stride` 0: one for all columns. NaN gives the lowest.
template <class O>
void fixed_to_integer(O* y, const float* x, const float* scale, const float* low, const float* high, std::size_t scale_stride, std::size_t low_stride,
                      std::size_t high_stride, std::size_t rows, std::size_t cols, std::int64_t mode, bool wraps) {
  const auto one = [&](float v, float s, float l, float h) {
    return fixed::by_mode(static_cast<fixed::Round>(mode), [&](auto m) { return fixed::quantised<decltype(m)::value>(v, s, l, h, wraps); });
  };
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < cols; ++c)
      y[r * cols + c] = static_cast<O>(one(x[r * cols + c], scale[c * scale_stride], low[c * low_stride], high[c * high_stride]));
}

// y[n, position, (tap, channel)] = what tap and channel of a sliding window see of x[n, channel, ...]; `fill` outside.
template <class T, int S>
void fixed_patches(T* y, const T* x, std::int64_t fill, std::size_t batch, std::size_t channels, Sizes<S> in, Sizes<S> kernel, Sizes<S> out, Sizes<S> stride,
                   Sizes<S> dilation, Sizes<S> pad) {
  const Window<S> window{in, kernel, out, stride, dilation, pad};
  const std::size_t plane = elements(in);
  for (std::size_t n = 0; n < batch; ++n)
    for_each_position(out, [&](const std::size_t(&o)[S], std::size_t) {
      for_each_position(kernel, [&](const std::size_t(&k)[S], std::size_t) {
        std::size_t at = 0;
        const bool inside = window.find(o, k, at);
        for (std::size_t c = 0; c < channels; ++c) *y++ = inside ? x[(n * channels + c) * plane + at] : static_cast<T>(fill);
      });
    });
}

// y[n, position, c] = steps(sum over taps of x[n, c, ...] w[tap, c]) for sliding windows; `fill` outside.
template <class O, class X>
void fixed_depthwise(O* y, const X* x, const std::int32_t* w, std::int64_t fill, const std::int64_t* table, const std::int64_t* steps, std::size_t count,
                     std::size_t batch, std::size_t channels, std::size_t stride, float unit, Sizes<3> in, Sizes<3> kernel, Sizes<3> out, Sizes<3> step,
                     Sizes<3> dilation, Sizes<3> pad) {
  const Window<3> window{in, kernel, out, step, dilation, pad};
  for (std::size_t n = 0; n < batch; ++n)
    for_each_position(out, [&](const std::size_t(&o)[3], std::size_t) {
      for (std::size_t c = 0; c < channels; ++c) {
        std::int64_t sum = 0;
        for_each_position(kernel, [&](const std::size_t(&k)[3], std::size_t tap) {
          std::size_t at = 0;
          const std::int64_t v = window.find(o, k, at) ? x[(n * channels + c) * elements(in) + at] : fill;
          sum += v * w[tap * channels + c];
        });
        *y++ = fixed_detail::finished<O>(sum, steps, count, table, stride, c, unit);
      }
    });
}

// y[n, position, c] = the largest element that a sliding window sees of x[n, c, ...]; the lowest of the type where it sees none.
template <class T>
void fixed_max_pool(T* y, const T* x, std::size_t batch, std::size_t channels, Sizes<3> in, Sizes<3> kernel, Sizes<3> out, Sizes<3> step, Sizes<3> dilation,
                    Sizes<3> pad) {
  const Window<3> window{in, kernel, out, step, dilation, pad};
  for (std::size_t n = 0; n < batch; ++n)
    for_each_position(out, [&](const std::size_t(&o)[3], std::size_t) {
      for (std::size_t c = 0; c < channels; ++c) {
        T most = limits::lowest<T>;
        for_each_position(kernel, [&](const std::size_t(&k)[3], std::size_t) {
          std::size_t at = 0;
          if (window.find(o, k, at)) most = fixed::at_least(most, x[(n * channels + c) * elements(in) + at]);
        });
        *y++ = most;
      }
    });
}

}  // namespace inferc::ref
