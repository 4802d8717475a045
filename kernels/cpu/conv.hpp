#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/cpu/product.hpp"
#include "kernels/cpu/tile.hpp"
#include "kernels/cpu/transpose.hpp"
#include "kernels/dim.hpp"
#include "kernels/view.hpp"

// Convolution, channels last: a product of output pixels with weights w[(tap, channel), filter] in panels of 16 filters.
// A pixel's row of terms is read in place, tap by tap, from an input that holds its padding. Order of the terms: taps, then
// channels, as one k (kernels/ref/conv.hpp).
namespace inferc::cpu {

// Three spatial dims, leading ones of size 1.
struct ConvShape {
  std::size_t in[3];  // with padding
  std::size_t kernel[3], out[3], stride[3], dilation[3];
};

namespace conv_detail {

constexpr ConvShape shape_of(const Sizes<15>& s) {
  ConvShape c{};
  for (int d = 0; d < 3; ++d) {
    c.in[d] = static_cast<std::size_t>(s.value[d]), c.kernel[d] = static_cast<std::size_t>(s.value[3 + d]);
    c.out[d] = static_cast<std::size_t>(s.value[6 + d]), c.stride[d] = static_cast<std::size_t>(s.value[9 + d]);
    c.dilation[d] = static_cast<std::size_t>(s.value[12 + d]);
  }
  return c;
}

constexpr std::size_t common_divisor(std::size_t a, std::size_t b) { return b == 0 ? a : common_divisor(b, a % b); }

// Adds the sum of a block; the first one is the total.
template <class V, std::size_t N>
[[gnu::always_inline]] inline void join(V (&total)[N], const V (&c)[N], bool started) {
  using T = Tile<V, static_cast<int>(N), 1>;
  if (started) T::add(total, c, T::all);
  else T::assign(total, c, T::all);
}

// Rows of a tile's left operand, `offset` terms behind the first of each pixel: of runs of `Beside` pixels that stand `Apart` elements
// one behind the other, of pixels anywhere, and of more of these than there are registers for pointers, which are copied piece by piece.
template <int Runs, std::size_t Beside, std::size_t Apart>
struct RunRows {
  const float* run[Runs];
  template <std::size_t R>
  [[gnu::always_inline]] float get(std::size_t k) const {
    return run[R / Beside][R % Beside * Apart + k];
  }
};
template <int Runs, std::size_t Beside, std::size_t Apart>
struct InRuns {
  static constexpr std::size_t most = static_cast<std::size_t>(-1);
  const float* first[Runs];
  [[gnu::always_inline]] RunRows<Runs, Beside, Apart> operator()(std::size_t offset, std::size_t) const {
    RunRows<Runs, Beside, Apart> rows;
    for (int r = 0; r < Runs; ++r) rows.run[r] = first[r] + offset;
    return rows;
  }
};
template <int MR>
using Scattered = InRuns<MR, 1, 0>;
template <int MR>
struct Copied {
  static constexpr std::size_t most = 16;
  const float* const* first;
  float* copy;  // [MR, 16]
  [[gnu::always_inline]] StridedRows<dim<16>> operator()(std::size_t offset, std::size_t terms) const {
    for (int r = 0; r < MR; ++r)
      for (std::size_t i = 0; i < terms; i += lanes) {
        const float* const from = first[r] + offset + i;
        store(copy + static_cast<std::size_t>(r) * 16 + i, i + lanes <= terms ? load<Vec>(from) : load_first<Vec>(from, terms - i));
      }
    return {copy, {}};
  }
};

// Output pixels as rows: `channels` terms per tap, pixels `pitch` elements apart in x. Each line of output pixels is whole runs of `Beside`,
// which read x `Apart` elements one behind the other.
template <class Channels, class Beside, class Apart>
struct Pixels {
  const float* x;
  ConvShape shape;  // its own: read through a pointer again after each store, it would cost 3 % of the time
  Channels channels;
  std::size_t pitch;

  // The first terms of every `step`-th pixel from `row` on: one division by each size, then counted up. No line ends between two.
  template <int Count>
  [[gnu::always_inline]] void pixels(const float* (&first)[Count], std::size_t row, std::size_t step) const {
    const ConvShape& s = shape;
    const std::size_t across = s.stride[2] * pitch, down = s.stride[1] * s.in[2] * pitch, back = s.stride[0] * s.in[1] * s.in[2] * pitch;
    std::size_t w = row % s.out[2], h = row / s.out[2], d = h / s.out[1];
    h %= s.out[1];
    const float* item = x + d / s.out[0] * s.in[0] * s.in[1] * s.in[2] * pitch;
    d %= s.out[0];
    const float *plane = item + d * back, *line = plane + h * down, *at = line + w * across;
    for (int r = 0; r < Count; ++r) {
      first[r] = at;
      at += step * across;
      if ((w += step) < s.out[2]) continue;
      w = 0, line += down;
      if (++h == s.out[1]) h = 0, line = plane += back, ++d;
      if (d == s.out[0]) d = 0, line = plane = item += s.in[0] * s.in[1] * s.in[2] * pitch;
      at = line;
    }
  }
  template <class V, int MR, int NV, class B, class K, class L>
  [[gnu::always_inline]] void product(V (&total)[MR * NV], std::size_t row, const B& columns, K, L terms) const {
    constexpr std::size_t run = is_static<Beside> && is_static<Apart> ? common_divisor(static_size<Beside>, MR) : 1;
    if constexpr (run > 1) {
      if (row % run == 0) {
        InRuns<MR / static_cast<int>(run), run, static_size<Apart>> rows;
        pixels(rows.first, row, run);
        return taps<V, MR, NV>(total, rows, columns, terms);
      }
    }
    Scattered<MR> rows;
    pixels(rows.first, row, 1);
    if constexpr (run == 1 && is_static<Apart> && MR > 1)
      if (rows.first[MR - 1] == rows.first[0] + (MR - 1) * static_size<Apart>)  // addresses grow by it at least
        return taps<V, MR, NV>(total, InRuns<1, MR, static_size<Apart>>{{rows.first[0]}}, columns, terms);
    if constexpr (MR > 8) {
      alignas(64) float copy[16 * MR];
      taps<V, MR, NV>(total, Copied<MR>{rows.first, copy}, columns, terms);
    } else {
      taps<V, MR, NV>(total, rows, columns, terms);
    }
  }
  // Whether each tap is whole blocks of L terms, each within one piece of the rows.
  template <class L, class Rows>
  static constexpr bool whole_blocks =
      is_static<Channels> && is_static<L> && static_size<L> <= Rows::most && static_size<Channels> % (is_static<L> ? static_size<L> : 1) == 0;
  template <class V, int MR, int NV, class Rows, class B, class L>
  [[gnu::always_inline]] void taps(V (&total)[MR * NV], const Rows& rows, const B& columns, L terms) const {
    using T = Tile<V, MR, NV>;
    const ConvShape& s = shape;
    V c[MR * NV];
    T::zero(c, T::all), T::zero(total, T::all);
    std::size_t left = terms, k = 0;
    bool started = false;
    for (std::size_t a = 0; a < s.kernel[0]; ++a)
      for (std::size_t b = 0; b < s.kernel[1]; ++b)
        for (std::size_t e = 0; e < s.kernel[2]; ++e) {
          const std::size_t tap = ((a * s.dilation[0] * s.in[1] + b * s.dilation[1]) * s.in[2] + e * s.dilation[2]) * pitch;
          if constexpr (whole_blocks<L, Rows>) {
            for (std::size_t at = 0; at < channels; at += terms, k += terms, started = true) {
              T::zero(c, T::all);
              T::accumulate(c, rows(tap + at, terms), columns.skip(k), terms);
              join(total, c, started);
            }
            continue;
          }
          for (std::size_t at = 0; at < channels;) {
            const std::size_t some = channels - at < left ? channels - at : left, n = some < Rows::most ? some : Rows::most;
            T::accumulate(c, rows(tap + at, n), columns.skip(k), n);
            at += n, k += n, left -= n;
            if (left > 0) continue;
            join(total, c, started);
            started = true;
            T::zero(c, T::all);
            left = terms;
          }
        }
    if (left < terms) join(total, c, started);
  }
};

// MR pixels of a line and a kernel that is three wide and moves by one pixel: an input value is read once for the three taps that it meets,
// each with sums of its own. 16 terms of a tap are one block, and the blocks are added tap by tap, as elsewhere. Else loads would bound one
// panel of 16 filters: 13 for 12 fma.
template <int MR, std::size_t Channels>
struct ThreeTaps {
  using V = F32<16>;
  using Sums = V[3 * MR];
  static constexpr std::size_t parts = Channels / 16;
  static constexpr std::make_index_sequence<MR> pixels{};
  static constexpr std::make_index_sequence<3 * MR> sums{};

  // What the input value at `Pixel` adds to one of its taps.
  template <std::size_t Pixel, std::size_t Tap>
  [[gnu::always_inline]] static void meet(Sums& c, V x, V w) {
    if constexpr (Pixel >= Tap && Pixel - Tap < MR) c[Tap * MR + Pixel - Tap] = fma(x, w, c[Tap * MR + Pixel - Tap]);
  }
  template <std::size_t Pixel>
  [[gnu::always_inline]] static void meet_all(Sums& c, float x, V first, V second, V third) {
    const V v = splat<V>(x);
    meet<Pixel, 0>(c, v, first), meet<Pixel, 1>(c, v, second), meet<Pixel, 2>(c, v, third);
  }
  template <std::size_t... Pixel>
  [[gnu::always_inline]] static void block(Sums& c, const float* x, const float* w, std::index_sequence<Pixel...>) {
    Tile<V, 3 * MR, 1>::zero(c, sums);
#pragma GCC unroll 2
    for (std::size_t k = 0; k < 16; ++k) {
      const V first = load<V>(w + k * 16), second = load<V>(w + (Channels + k) * 16), third = load<V>(w + (2 * Channels + k) * 16);
      (meet_all<Pixel>(c, x[Pixel * Channels + k], first, second, third), ...);
    }
  }
  // All sums of a pixel at once: those of the last 16 channels are in registers, `kept` has those before.
  template <std::size_t R>
  [[gnu::always_inline]] static void join(V (&total)[MR], const V (*kept)[3 * MR], const Sums& c, bool started) {
    V t = total[R];
    for (std::size_t tap = 0; tap < 3; ++tap) {
      for (std::size_t part = 0; part + 1 < parts; ++part, started = true) t = started ? t + kept[part][tap * MR + R] : kept[part][tap * MR + R];
      t = started ? t + c[tap * MR + R] : c[tap * MR + R];
      started = true;
    }
    total[R] = t;
    to_memory(total[R]);
  }
  // One line of taps: x at the first pixel's first tap, w at its weights.
  template <std::size_t... R>
  [[gnu::always_inline]] static void line(V (&total)[MR], const float* x, const float* w, bool started, std::index_sequence<R...>) {
    V kept[parts][3 * MR];
    Sums c;
    for (std::size_t part = 0; part + 1 < parts; ++part) {
      block(c, x + part * 16, w + part * 256, std::make_index_sequence<MR + 2>{});
      Tile<V, 3 * MR, 1>::assign(kept[part], c, sums);
    }
    block(c, x + (parts - 1) * 16, w + (parts - 1) * 256, std::make_index_sequence<MR + 2>{});
    (join<R>(total, kept, c, started), ...);
  }
  [[gnu::always_inline]] static void product(V (&total)[MR], const float* x, const float* w, const ConvShape& s) {
    for (std::size_t a = 0; a < s.kernel[0]; ++a)
      for (std::size_t b = 0; b < s.kernel[1]; ++b, w += 3 * Channels * 16)
        line(total, x + (a * s.dilation[0] * s.in[1] + b * s.dilation[1]) * s.in[2] * Channels, w, a > 0 || b > 0, pixels);
  }
};

template <class Channels, class N, class Beside, class Apart>
constexpr bool takes_three_taps = lanes == 16 && static_size<N> > 0 && static_size<N> <= 16 && static_size<Channels> > 0 && static_size<Channels> % 16 == 0 &&
                                  static_size<Channels> <= 64 && static_size<Apart> == static_size<Channels>&& static_size<Beside> >= 4;
constexpr bool has_three_taps(const ConvShape& s, std::size_t groups) { return groups == 1 && s.kernel[2] == 3 && s.stride[2] == 1 && s.dilation[2] == 1; }

// MR pixels of a line from `row` on.
template <int MR, class Channels, class P>
[[gnu::always_inline]] inline void three_taps_tile(const P& problem, std::size_t row) {
  const float* first[1];
  problem.left.pixels(first, row, 1);
  F32<16> total[MR];
  ThreeTaps<MR, static_size<Channels>>::product(total, first[0], problem.right.data, problem.left.shape);
  finish<F32<16>, MR, 1>(total, problem.c + row * problem.ldc, problem.ldc, row, 0, problem.n, problem.epilogue);
}
// The rows of a problem: each whole run of pixels by tiles of nearly equal size, whose sums fit the registers; the rest row by row.
template <class Channels, class Beside, class P>
inline void three_taps(std::size_t begin, std::size_t end, const P& problem) {
  constexpr std::size_t run = static_size<Beside>, tiles = (run + 8) / 9, longer = run % tiles;
  constexpr int size = static_cast<int>(run / tiles);
  for (std::size_t row = begin; row < end;) {
    if (row % run != 0 || end - row < run) {
      problem.template tile<Vec, 1, 1>(row, 0, problem.n, problem.right.part(0, problem.n));
      ++row;
      continue;
    }
    if constexpr (longer > 0)
      for (std::size_t i = 0; i < longer; ++i, row += size + 1) three_taps_tile<size + 1, Channels>(problem, row);
    for (std::size_t i = longer; i < tiles; ++i, row += size) three_taps_tile<size, Channels>(problem, row);
  }
}

}  // namespace conv_detail

// x[n, channels, d, h, w] with any strides, as to[n, d, h, w, channels] with padding of zeros: `pad` before, `padded` sizes. For the
// `lines` of the result (all of a batch, flattened).
template <class B, class E>
void pad_channels_last(Range<B, E> lines, float* to, View<const float, 5> x, Sizes<3> pad, Sizes<3> padded) {
  const auto P = [](const Sizes<3>& s, int d) { return static_cast<std::size_t>(s.value[d]); };
  const std::size_t channels = x.shape[1], width = x.shape[4], before = P(pad, 2) * channels, inside = width * channels, line = P(padded, 2) * channels;
  for (std::size_t at = lines.begin; at < lines.end; ++at) {
    float* const row = to + at * line;
    const std::size_t n = at / (P(padded, 0) * P(padded, 1)), d = at / P(padded, 1) % P(padded, 0) - P(pad, 0), h = at % P(padded, 1) - P(pad, 1);
    const bool filled = d < x.shape[2] && h < x.shape[3];  // wrapped around below 0
    for (std::size_t i = 0; i < (filled ? before : line); ++i) row[i] = 0;
    if (!filled) continue;
    for (std::size_t i = before + inside; i < line; ++i) row[i] = 0;
    const float* from = &x(n, std::size_t{0}, d, h, std::size_t{0});
    if (x.stride[4] == 1 && x.stride[1] >= 0) {
      transpose(row + before, channels, from, static_cast<std::size_t>(x.stride[1]), channels, width);
      continue;
    }
    for (std::size_t w = 0; w < width; ++w)
      for (std::size_t c = 0; c < channels; ++c)
        row[before + w * channels + c] = from[static_cast<std::ptrdiff_t>(w) * x.stride[4] + static_cast<std::ptrdiff_t>(c) * x.stride[1]];
  }
}

// from[n, pixels, channels] as to[n, channels, pixels], for the `rows` of `from` (all of a batch, flattened).
template <class B, class E>
void channels_first(Range<B, E> rows, float* to, const float* from, std::size_t pixels, std::size_t channels) {
  for (std::size_t at = rows.begin; at < rows.end;) {
    const std::size_t n = at / pixels, first = at % pixels, left = rows.end - at, count = left < pixels - first ? left : pixels - first;
    transpose(to + n * channels * pixels + first, pixels, from + at * channels, channels, count, channels);
    at += count;
  }
}

// c[pixel, groups * filters] = epilogue(...) for the output pixels `rows` (all of a batch, flattened). w: the groups' panels
// one after the other. `sizes`: padded input, kernel, output, strides, dilations. A line of the output is whole runs of `beside` pixels,
// `apart` elements from one to the next in x.
template <int MR = tile_rows, int Panels = tile_panels, class B, class E, class Channels, class N, class Beside, class Apart, class Epi>
inline void conv(Range<B, E> rows, float* c, const float* x, const float* w, std::size_t groups, Channels channels, N filters, Sizes<15> sizes, Beside, Apart,
                 Epi epilogue) {
  using namespace product_detail;
  using Left = conv_detail::Pixels<Channels, Beside, Apart>;
  const ConvShape shape = conv_detail::shape_of(sizes);
  const std::size_t k = shape.kernel[0] * shape.kernel[1] * shape.kernel[2] * channels, ldc = groups * filters;
  const auto terms = terms_of(filters);
  constexpr int height = MR == tile_rows && lanes == 16 && static_size<N> > 0 && static_size<N> <= 16 ? 12 : MR;  // one panel: more chains
  for (std::size_t g = 0; g < groups; ++g) {
    const Left left{x + g * channels, shape, channels, groups * channels};
    const PackedRight<std::size_t> right{w + g * ((filters + 15) / 16 * 16) * k, k};
    const Problem<std::size_t, Left, PackedRight<std::size_t>, N, std::size_t, decltype(terms_of(filters)), Epi> problem{
        c + g * filters, ldc, left, right, filters, k, terms, epilogue, 0, g * filters};
    if constexpr (conv_detail::takes_three_taps<Channels, N, Beside, Apart>)
      if (conv_detail::has_three_taps(shape, groups)) return conv_detail::three_taps<Channels, Beside>(rows.begin, rows.end, problem);
    run<height, Panels>(Range<std::size_t, std::size_t>{rows.begin, rows.end}, problem);
  }
}

}  // namespace inferc::cpu
