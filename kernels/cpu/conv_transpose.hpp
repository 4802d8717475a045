#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/cpu/conv.hpp"

// Transposed convolution, channels last: each output pixel sums the taps that an input pixel carries to it, in order, with
// weights w[(tap, channel), filter] in panels of 16 filters. Order of the terms: taps, then channels, as one k over the taps
// that meet an input pixel (kernels/ref/conv.hpp).
namespace inferc::cpu {
namespace conv_detail {

// Output pixels as rows of varying length, one at a time.
struct TransposedPixels {
  const float* x;
  ConvShape shape;
  const std::size_t* pad;
  std::size_t channels, pitch;

  // The input position along dim d that tap k carries to position o; false if there is none.
  [[gnu::always_inline]] bool source(int d, std::size_t o, std::size_t k, std::size_t& at) const {
    const std::size_t from = o + pad[d], reach = k * shape.dilation[d];
    if (from < reach || (from - reach) % shape.stride[d] != 0) return false;
    at = (from - reach) / shape.stride[d];
    return at < shape.in[d];
  }

  template <class V, int NV, class B, class L>
  struct Sum {
    V total[NV], c[NV];
    L terms;
    std::size_t left;
    bool started = false;

    [[gnu::always_inline]] explicit Sum(L n) : terms(n), left(n) {
      Tile<V, 1, NV>::zero(total, Tile<V, 1, NV>::all), Tile<V, 1, NV>::zero(c, Tile<V, 1, NV>::all);
    }
    [[gnu::always_inline]] void close() {
      join(total, c, started);
      started = true;
      Tile<V, 1, NV>::zero(c, Tile<V, 1, NV>::all);
      left = terms;
    }
    // One tap: `channels` terms, columns at term k.
    [[gnu::always_inline]] void add(const float* pixel, const B& columns, std::size_t k, std::size_t channels) {
      for (std::size_t at = 0; at < channels;) {
        const std::size_t n = channels - at < left ? channels - at : left;
        Tile<V, 1, NV>::accumulate(c, InRuns<1, 1, 0>{{pixel + at}}(0, n), columns.skip(k + at), n);
        at += n, left -= n;
        if (left == 0) close();
      }
    }
  };

  template <class V, int MR, int NV, class B, class K, class L>
  [[gnu::always_inline]] void product(V (&total)[MR * NV], std::size_t row, const B& columns, K, L terms) const {
    static_assert(MR == 1);
    const ConvShape& s = shape;
    const std::size_t w = row % s.out[2], h = row / s.out[2] % s.out[1], d = row / (s.out[2] * s.out[1]) % s.out[0];
    const std::size_t image = row / (s.out[2] * s.out[1] * s.out[0]) * s.in[0];
    Sum<V, NV, B, L> sum(terms);
    std::size_t i[3];
    for (std::size_t a = 0; a < s.kernel[0]; ++a) {
      if (!source(0, d, a, i[0])) continue;
      for (std::size_t b = 0; b < s.kernel[1]; ++b) {
        if (!source(1, h, b, i[1])) continue;
        for (std::size_t e = 0; e < s.kernel[2]; ++e)
          if (source(2, w, e, i[2]))
            sum.add(x + (((image + i[0]) * s.in[1] + i[1]) * s.in[2] + i[2]) * pitch, columns, ((a * s.kernel[1] + b) * s.kernel[2] + e) * channels, channels);
      }
    }
    if (sum.left < terms) sum.close();
    for (int q = 0; q < NV; ++q) total[q] = sum.total[q];
  }
};

// Output pixels first + j stride along each dim, j < count: a tap carries either to all of them or to none, but for the border. As rows,
// counted over the batch, where `Channels` are whole blocks of the sum: a tap that misses a pixel then leaves out whole blocks.
template <class Channels>
struct PhasePixels {
  const float* x;
  ConvShape shape;
  const std::size_t* pad;
  Channels channels;
  std::size_t pitch;
  std::size_t first[3], count[3];

  [[nodiscard]] std::size_t before(int d, std::size_t o) const { return o > first[d] ? (o - first[d] + shape.stride[d] - 1) / shape.stride[d] : 0; }
  [[nodiscard]] bool holds(int d, std::size_t o) const { return o >= first[d] && (o - first[d]) % shape.stride[d] == 0; }
  // How many of the pixels stand before output pixel `row`.
  [[nodiscard]] std::size_t rank(std::size_t row) const {
    const std::size_t w = row % shape.out[2], h = row / shape.out[2] % shape.out[1], d = row / (shape.out[2] * shape.out[1]) % shape.out[0];
    const std::size_t planes = row / (shape.out[2] * shape.out[1] * shape.out[0]) * count[0] + before(0, d);
    if (!holds(0, d)) return planes * count[1] * count[2];
    const std::size_t lines = planes * count[1] + before(1, h);
    return lines * count[2] + (holds(1, h) ? before(2, w) : 0);
  }
  // f(r, image, j0, j1, j2) for MR pixels from `row` on.
  template <int MR, class F>
  [[gnu::always_inline]] void each(std::size_t row, F f) const {
    std::size_t w = row % count[2], h = row / count[2] % count[1], d = row / (count[2] * count[1]) % count[0], image = row / (count[2] * count[1] * count[0]);
    for (int r = 0; r < MR; ++r) {
      f(r, image, d, h, w);
      if (++w < count[2]) continue;
      w = 0;
      if (++h < count[1]) continue;
      h = 0;
      if (++d == count[0]) d = 0, ++image;
    }
  }
  // The output pixels that MR rows are.
  template <std::size_t MR>
  [[gnu::always_inline]] void places(std::size_t (&to)[MR], std::size_t row) const {
    each<static_cast<int>(MR)>(row, [&](int r, std::size_t image, std::size_t d, std::size_t h, std::size_t w) {
      const std::size_t plane = image * shape.out[0] + first[0] + d * shape.stride[0];
      to[r] = (plane * shape.out[1] + first[1] + h * shape.stride[1]) * shape.out[2] + first[2] + w * shape.stride[2];
    });
  }
  // Whether tap k carries to the pixels: then from position j + `shift`.
  [[gnu::always_inline]] bool source(int d, std::size_t k, std::ptrdiff_t& shift) const {
    const auto from = static_cast<std::ptrdiff_t>(first[d] + pad[d]) - static_cast<std::ptrdiff_t>(k * shape.dilation[d]);
    const auto stride = static_cast<std::ptrdiff_t>(shape.stride[d]);
    shift = from / stride;
    return from % stride == 0;
  }

  template <int MR>
  struct Rows {
    std::ptrdiff_t at[MR], j[3][MR];  // where x has (image, j), positions along the dims
    [[gnu::always_inline]] std::uint32_t inside(int d, std::ptrdiff_t shift, std::size_t size) const {
      std::uint32_t rows = 0;
      for (int r = 0; r < MR; ++r) rows |= std::uint32_t{static_cast<std::size_t>(j[d][r] + shift) < size} << r;
      return rows;
    }
  };
  template <int MR>
  [[gnu::always_inline]] Rows<MR> rows_from(std::size_t row) const {
    Rows<MR> rows;
    each<MR>(row, [&](int r, std::size_t image, std::size_t d, std::size_t h, std::size_t w) {
      rows.at[r] = static_cast<std::ptrdiff_t>((((image * shape.in[0] + d) * shape.in[1] + h) * shape.in[2] + w) * pitch);
      rows.j[0][r] = static_cast<std::ptrdiff_t>(d), rows.j[1][r] = static_cast<std::ptrdiff_t>(h), rows.j[2][r] = static_cast<std::ptrdiff_t>(w);
    });
    return rows;
  }

  // 16 terms of each row, zeros where the tap meets no pixel.
  template <int MR>
  [[gnu::always_inline]] void copy(float* to, const Rows<MR>& rows, std::ptrdiff_t offset, std::uint32_t met) const {
    for (int r = 0; r < MR; ++r)
      for (std::size_t i = 0; i < 16; i += lanes) {
        const bool read = (met >> r & 1) != 0;
        store(to + static_cast<std::size_t>(r) * 16 + i, read ? load<Vec>(x + rows.at[r] + offset + static_cast<std::ptrdiff_t>(i)) : Vec{});
      }
  }
  template <class V, int MR, int NV, std::size_t... I>
  [[gnu::always_inline]] static void join_met(V (&total)[MR * NV], const V (&c)[MR * NV], std::uint32_t met, std::index_sequence<I...>) {
    ((total[I] = (met >> (I / NV) & 1) != 0 ? total[I] + c[I] : total[I]), ...);
  }
  // One tap: `met` tells the rows that it carries to.
  template <class V, int MR, int NV, class B, class L>
  [[gnu::always_inline]] void tap(V (&total)[MR * NV], const Rows<MR>& rows, std::ptrdiff_t offset, std::uint32_t met, const B& columns, L terms) const {
    using T = Tile<V, MR, NV>;
    alignas(64) float terms16[16 * MR];
    for (std::size_t at = 0; at < channels; at += terms) {
      V c[MR * NV];
      T::zero(c, T::all);
      for (std::size_t k = at; k < at + terms; k += 16) {
        copy(terms16, rows, offset + static_cast<std::ptrdiff_t>(k), met);
        T::accumulate(c, StridedRows<dim<16>>{terms16, {}}, columns.skip(k), 16);
      }
      if (met == (std::uint32_t{1} << MR) - 1) T::add(total, c, T::all);
      else join_met<V, MR, NV>(total, c, met, T::all);
    }
  }
  // A total of -0 takes the sum of the first block as it is.
  template <class V, int MR, int NV, class B, class K, class L>
  [[gnu::always_inline]] void product(V (&total)[MR * NV], std::size_t row, const B& columns, K, L terms) const {
    const Rows<MR> rows = rows_from<MR>(row);
    for (V& t : total) t = splat<V>(-0.0f);
    std::uint32_t any = 0;
    std::ptrdiff_t s[3];
    for (std::size_t a = 0; a < shape.kernel[0]; ++a) {
      if (!source(0, a, s[0])) continue;
      const std::uint32_t planes = rows.inside(0, s[0], shape.in[0]);
      for (std::size_t b = 0; b < shape.kernel[1] && planes != 0; ++b) {
        if (!source(1, b, s[1])) continue;
        const std::uint32_t lines = planes & rows.inside(1, s[1], shape.in[1]);
        for (std::size_t e = 0; e < shape.kernel[2] && lines != 0; ++e) {
          if (!source(2, e, s[2])) continue;
          const std::uint32_t met = lines & rows.inside(2, s[2], shape.in[2]);
          if (met == 0) continue;
          any |= met;
          const auto in1 = static_cast<std::ptrdiff_t>(shape.in[1]), in2 = static_cast<std::ptrdiff_t>(shape.in[2]);
          const std::ptrdiff_t offset = ((s[0] * in1 + s[1]) * in2 + s[2]) * static_cast<std::ptrdiff_t>(pitch);
          tap<V, MR, NV>(total, rows, offset, met, columns.skip(((a * shape.kernel[1] + b) * shape.kernel[2] + e) * channels), terms);
        }
      }
    }
    for (int i = 0; i < MR * NV; ++i)
      if ((any >> (i / NV) & 1) == 0) total[i] = V{};
  }
};

// All rows of the pixels of each phase.
template <int MR, int Panels, class P, class Left>
inline void run_phases(P problem, Left& left, std::size_t begin, std::size_t end) {
  const ConvShape& s = left.shape;
  std::size_t(&p)[3] = left.first;
  for (p[0] = 0; p[0] < s.stride[0] && p[0] < s.out[0]; ++p[0])
    for (p[1] = 0; p[1] < s.stride[1] && p[1] < s.out[1]; ++p[1])
      for (p[2] = 0; p[2] < s.stride[2] && p[2] < s.out[2]; ++p[2]) {
        for (int d = 0; d < 3; ++d) left.count[d] = (s.out[d] - p[d] + s.stride[d] - 1) / s.stride[d];
        const std::size_t from = left.rank(begin), to = left.rank(end);
        problem.left = left;
        if (from < to) product_detail::run<MR, Panels>(Range<std::size_t, std::size_t>{from, to}, problem);
      }
}

}  // namespace conv_detail

// c[pixel, groups * filters] = epilogue(...) for the output pixels `rows` (all of a batch, flattened). w: the groups' panels
// one after the other. `sizes`: input, kernel, output, strides, dilations; `pad`: what is cut from the output before.
template <int Panels = tile_panels, class B, class E, class Channels, class N, class Epi>
inline void conv_transpose(Range<B, E> rows, float* c, const float* x, const float* w, std::size_t groups, Channels channels, N filters, Sizes<15> sizes,
                           Sizes<3> pad, Epi epilogue) {
  using namespace product_detail;
  using L = decltype(terms_of(filters));
  constexpr bool whole_blocks = is_static<Channels> && is_static<L> && static_size<Channels> % (is_static<L> ? static_size<L> : 1) == 0;
  const ConvShape shape = conv_detail::shape_of(sizes);
  const std::size_t before[3] = {static_cast<std::size_t>(pad.value[0]), static_cast<std::size_t>(pad.value[1]), static_cast<std::size_t>(pad.value[2])};
  const std::size_t k = shape.kernel[0] * shape.kernel[1] * shape.kernel[2] * channels, ldc = groups * filters;
  for (std::size_t g = 0; g < groups; ++g) {
    const PackedRight<std::size_t> right{w + g * ((filters + 15) / 16 * 16) * k, k};
    const auto problem = [&]<class Left>(const Left& left) {
      return Problem<std::size_t, Left, PackedRight<std::size_t>, N, std::size_t, L, Epi>{c + g * filters,   ldc,      left, right,      filters, k,
                                                                                          terms_of(filters), epilogue, 0,    g * filters};
    };
    if constexpr (whole_blocks) {
      conv_detail::PhasePixels<Channels> left{x + g * channels, shape, before, channels, groups * channels, {}, {}};
      conv_detail::run_phases<tile_rows, 1>(problem(left), left, rows.begin, rows.end);
    } else {
      const conv_detail::TransposedPixels left{x + g * channels, shape, before, channels, groups * channels};
      run<1, Panels>(Range<std::size_t, std::size_t>{rows.begin, rows.end}, problem(left));
    }
  }
}

}  // namespace inferc::cpu
