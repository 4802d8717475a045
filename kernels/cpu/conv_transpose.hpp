#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/cpu/conv.hpp"

// Transposed convolution, channels last: each output pixel sums the taps that an input pixel carries to it, in order, with
// weights w[(tap, channel), filter] in panels of 16 filters. Order of the terms: taps, then channels, as one k over the taps
// that meet an input pixel (kernels/ref/conv.hpp).
namespace inferc::cpu {
namespace conv_detail {

// Output pixels as rows of varying length.
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
        Tile<V, 1, NV>::accumulate(c, RowPointers<1>{{pixel + at}}, columns.skip(k + at), n);
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

}  // namespace conv_detail

// c[pixel, groups * filters] = epilogue(...) for the output pixels `rows` (all of a batch, flattened). w: the groups' panels
// one after the other. `sizes`: input, kernel, output, strides, dilations; `pad`: what is cut from the output before.
template <int Panels = tile_panels, class B, class E, class Channels, class N, class Epi>
inline void conv_transpose(Range<B, E> rows, float* c, const float* x, const float* w, std::size_t groups, Channels channels, N filters, Sizes<15> sizes,
                           Sizes<3> pad, Epi epilogue) {
  using namespace product_detail;
  const ConvShape shape = conv_detail::shape_of(sizes);
  const std::size_t before[3] = {static_cast<std::size_t>(pad.value[0]), static_cast<std::size_t>(pad.value[1]), static_cast<std::size_t>(pad.value[2])};
  const std::size_t k = shape.kernel[0] * shape.kernel[1] * shape.kernel[2] * channels, ldc = groups * filters;
  for (std::size_t g = 0; g < groups; ++g) {
    const conv_detail::TransposedPixels left{x + g * channels, shape, before, channels, groups * channels};
    const PackedRight<std::size_t> right{w + g * ((filters + 15) / 16 * 16) * k, k};
    run<1, Panels>(Range<std::size_t, std::size_t>{rows.begin, rows.end},
                   Problem<std::size_t, conv_detail::TransposedPixels, PackedRight<std::size_t>, N, std::size_t, decltype(terms_of(filters)), Epi>{
                       c + g * filters, ldc, left, right, filters, k, terms_of(filters), epilogue, 0, g * filters});
  }
}

}  // namespace inferc::cpu
