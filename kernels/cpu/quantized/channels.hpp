#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/cpu/quantized/map.hpp"
#include "kernels/view.hpp"

// Sliding windows over integers x[n, d, h, w, channels], each channel on its own: vectors are of channels, and no element outside of x is read.
namespace inferc::cpu::quantized {

namespace channels_detail {

// Three spatial dims, leading ones of size 1.
struct Windows {
  std::ptrdiff_t in[3], kernel[3], out[3], stride[3], dilation[3], pad[3];
};
constexpr Windows windows_of(const Sizes<18>& s) {
  Windows w{};
  for (int d = 0; d < 3; ++d) {
    w.in[d] = s.value[d], w.kernel[d] = s.value[3 + d], w.out[d] = s.value[6 + d];
    w.stride[d] = s.value[9 + d], w.dilation[d] = s.value[12 + d], w.pad[d] = s.value[15 + d];
  }
  return w;
}

constexpr std::size_t elements(const std::ptrdiff_t (&sizes)[3]) { return static_cast<std::size_t>(sizes[0] * sizes[1] * sizes[2]); }

// Positions in order, over all of a batch.
struct Position {
  std::size_t item;
  std::ptrdiff_t at[3];
  void next(const Windows& w) {
    for (int d = 2; d >= 0; --d) {
      if (++at[d] < w.out[d]) return;
      at[d] = 0;
    }
    ++item;
  }
};
inline Position position_of(const Windows& w, std::size_t row) {
  Position p{};
  for (int d = 2; d >= 0; --d) {
    const auto size = static_cast<std::size_t>(w.out[d]);
    p.at[d] = static_cast<std::ptrdiff_t>(row % size);
    row /= size;
  }
  p.item = row;
  return p;
}

// Of one window: the taps first ... last - 1 of each dim are inside of x, whose place for tap 0 may be outside.
struct Taps {
  std::ptrdiff_t first[3], last[3], begin[3];
  [[nodiscard]] bool all_of(const Windows& w) const {
    for (int d = 0; d < 3; ++d)
      if (first[d] > 0 || last[d] < w.kernel[d]) return false;
    return true;
  }
};
inline std::ptrdiff_t steps_to(std::ptrdiff_t distance, std::ptrdiff_t step) { return distance <= 0 ? 0 : step == 1 ? distance : (distance + step - 1) / step; }
inline Taps taps_of(const Windows& w, const Position& p) {
  Taps t{};
  for (int d = 0; d < 3; ++d) {
    t.begin[d] = p.at[d] * w.stride[d] - w.pad[d];
    t.first[d] = steps_to(-t.begin[d], w.dilation[d]);
    t.last[d] = steps_to(w.in[d] - t.begin[d], w.dilation[d]);
    if (t.last[d] > w.kernel[d]) t.last[d] = w.kernel[d];
  }
  return t;
}

// f(number of the tap, where its channels are) for the taps inside of x.
template <class X, class F>
[[gnu::always_inline]] inline void each_inside(const Windows& w, const Taps& t, const X* x, std::size_t channels, F f) {
  for (std::ptrdiff_t a = t.first[0]; a < t.last[0]; ++a)
    for (std::ptrdiff_t b = t.first[1]; b < t.last[1]; ++b)
      for (std::ptrdiff_t c = t.first[2]; c < t.last[2]; ++c) {
        const std::ptrdiff_t d = t.begin[0] + a * w.dilation[0], h = t.begin[1] + b * w.dilation[1], at = t.begin[2] + c * w.dilation[2];
        f(static_cast<std::size_t>((a * w.kernel[1] + b) * w.kernel[2] + c), x + static_cast<std::size_t>((d * w.in[1] + h) * w.in[2] + at) * channels);
      }
}

// f(W, numbers 0 ... NV - 1, first channel, how many in a vector) for blocks of NV vectors of W channels. The last vector may have channels that the one
// before it had; a vector of fewer channels than W is halved.
template <std::size_t W, class F>
[[gnu::always_inline]] inline void each_block(std::size_t channels, F f) {
  constexpr std::size_t least = 4;
  const std::index_sequence<0> one;
  if (channels < W) {
    if constexpr (W > least) each_block<W / 2>(channels, f);
    else f(dim<W>{}, one, std::size_t{0}, channels);
    return;
  }
  std::size_t c = 0;
  for (; c + 4 * W <= channels; c += 4 * W) f(dim<W>{}, std::make_index_sequence<4>{}, c, W);
  for (; c + W <= channels; c += W) f(dim<W>{}, one, c, W);
  if (c < channels) f(dim<W>{}, one, channels - W, W);
}

// Weights of 16 bits: x has 16 bits as well, and the second product of each lane is one by 0.
template <class V, class Weight>
[[gnu::always_inline]] inline V multiply_add(V sum, V x, const Weight* w) {
  if constexpr (sizeof(Weight) == 2) return dot_words(sum, x, widened<V>(reinterpret_cast<const std::uint16_t*>(w)));
  else return sum + x * load_lanes<V>(w);
}

}  // namespace channels_detail

// y[n, position, c] = Out(S(sum over taps of x w[tap, c])) for the rows `rows` of positions; `fill` outside. Rows of w and of the table have `stride`
// elements, a multiple of 16. Weight: std::int16_t where x has 16 bits with a sign or fewer, else Sum. `sizes`: input, kernel, output, strides,
// dilations, pads before.
template <class S, class Out, class B, class E, class X, class Weight, class Sum, class C>
inline void depthwise(Range<B, E> rows, typename Out::type* y, const X* x, const Weight* w, const Sum* table, std::int64_t fill, C channels, Sizes<18> sizes) {
  using namespace channels_detail;
  constexpr std::size_t whole = static_cast<std::size_t>(lanes) * 4 / sizeof(Sum);
  const Windows windows = windows_of(sizes);
  const std::size_t stride = (channels + 15) / 16 * 16, plane = elements(windows.in) * channels;
  // What taps outside of x see: all, less what those inside would.
  const auto outside = [&]<class V>(const Taps& t, std::size_t c, V sum) {
    for (std::size_t k = 0; k < elements(windows.kernel); ++k) sum += widened<V>(w + k * stride + c);
    each_inside(windows, t, x, channels, [&](std::size_t k, const X*) { sum -= widened<V>(w + k * stride + c); });
    return sum * (static_cast<Sum>(fill) - V{});
  };
  if (elements(windows.out) == 0) return;
  Position position = position_of(windows, rows.begin);
  for (std::size_t r = rows.begin; r < rows.end; ++r, position.next(windows)) {
    const Taps taps = taps_of(windows, position);
    const X* const from = x + position.item * plane;
    const bool filled = fill != 0 && !taps.all_of(windows);
    each_block<whole>(channels,
                      [&]<std::size_t W, std::size_t... I>(dim<W>, std::index_sequence<I...>, std::size_t c, std::size_t n) __attribute__((always_inline)) {
                        using V = typename VectorOf<Sum, W>::type;
                        V sum[] = {(filled ? outside(taps, c + I * W, V{}) : V{})...};
                        each_inside(windows, taps, from, channels, [&](std::size_t tap, const X* at) __attribute__((always_inline)) {
                          const Weight* const weights = w + tap * stride + c;
                          ((sum[I] = multiply_add(sum[I], load_as<V>(at + c + I * W, n), weights + I * W)), ...);
                        });
                        (store_lanes(y + r * channels + c + I * W, Out::apply(S::apply(sum[I], Table<Sum>{table, stride}, c + I * W)), n), ...);
                      });
  }
}

// y[n, position, c] = the largest element that a window sees of x[n, ..., c]; the lowest of the type where it sees none.
template <class B, class E, class X, class C>
inline void max_pool(Range<B, E> rows, X* y, const X* x, C channels, Sizes<18> sizes) {
  using namespace channels_detail;
  constexpr std::size_t whole = static_cast<std::size_t>(lanes) * 4 / sizeof(X);
  const Windows windows = windows_of(sizes);
  const std::size_t plane = elements(windows.in) * channels;
  if (elements(windows.out) == 0) return;
  Position position = position_of(windows, rows.begin);
  for (std::size_t r = rows.begin; r < rows.end; ++r, position.next(windows)) {
    const Taps taps = taps_of(windows, position);
    const X* const from = x + position.item * plane;
    each_block<whole>(channels,
                      [&]<std::size_t W, std::size_t... I>(dim<W>, std::index_sequence<I...>, std::size_t c, std::size_t n) __attribute__((always_inline)) {
                        using V = typename VectorOf<X, W>::type;
                        V most[] = {(static_cast<void>(I), limits::lowest<X> - V{})...};
                        each_inside(windows, taps, from, channels, [&](std::size_t, const X* at) __attribute__((always_inline)) {
                          ((most[I] = fixed::at_least(most[I], load_as<V>(at + c + I * W, n))), ...);
                        });
                        (store_lanes(y + r * channels + c + I * W, most[I], n), ...);
                      });
  }
}

}  // namespace inferc::cpu::quantized
