#pragma once
#include "kernels/math64.hpp"
#include "kernels/ref/constantly.hpp"
#include "kernels/ref/product_sum.hpp"
#include "kernels/ref/window.hpp"

namespace inferc::ref {

// x at a real position by multilinear interpolation; elements outside count as zero.
template <class T, int S>
T interpolated(const T* x, const Sizes<S>& in, const double (&position)[S]) {
  std::int64_t low[S];
  double part[S];
  for (int d = 0; d < S; ++d) {
    if (!(position[d] > -1 && position[d] < static_cast<double>(in.value[d]))) return T{};
    const double floor = math64::floor(position[d]);
    low[d] = static_cast<std::int64_t>(floor);
    part[d] = position[d] - floor;
  }
  double total = 0;
  for (unsigned corner = 0; corner < 1u << S; ++corner) {
    double weight = 1;
    std::int64_t at = 0;
    bool inside = true;
    for (int d = 0; d < S; ++d) {
      const bool high = (corner >> d & 1u) != 0;
      const std::int64_t i = low[d] + (high ? 1 : 0);
      inside &= i >= 0 && i < in.value[d];
      at = at * in.value[d] + i;
      weight *= high ? part[d] : 1 - part[d];
    }
    if (inside) total += weight * static_cast<double>(x[at]);
  }
  return static_cast<T>(total);
}

// A convolution whose tap k of output position o reads x at o * stride + k * dilation - pad + offset[n, g, k, ., o], times
// mask[n, g, k, o]; the input channels share offsets in groups. Sizes: batch, channels, filters, groups, offset groups.
template <class T, class Bias, class Mask, int S>
void deform_conv(T* out, const T* x, const T* w, const T* offset, Bias bias, Mask mask, Sizes<5> counts, Sizes<S> in, Sizes<S> kernel, Sizes<S> out_size,
                 Sizes<S> stride, Sizes<S> dilation, Sizes<S> pad) {
  const auto count = [&](int d) { return static_cast<std::size_t>(counts.value[d]); };
  const std::size_t channels = count(1), filters = count(2), groups = count(3), offset_groups = count(4);
  const std::size_t taps = elements(kernel), plane = elements(in), out_plane = elements(out_size);
  const std::size_t group_channels = channels / groups;
  const Window<S> window{in, kernel, out_size, stride, dilation, pad};
  for (std::size_t n = 0; n < count(0); ++n)
    for (std::size_t f = 0; f < filters; ++f)
      for_each_position(out_size, [&](const std::size_t(&o)[S], std::size_t o_flat) {
        ProductSum<T> sum(product_block(out_plane));
        for_each_position(kernel, [&](const std::size_t(&k)[S], std::size_t tap) {
          for (std::size_t c = 0; c < group_channels; ++c) {
            const std::size_t channel = f / (filters / groups) * group_channels + c;
            const std::size_t place = (n * offset_groups + channel / (channels / offset_groups)) * taps + tap;
            double position[S];
            for (int d = 0; d < S; ++d)
              position[d] =
                  static_cast<double>(window.position(o, k, d)) + static_cast<double>(offset[(place * S + static_cast<std::size_t>(d)) * out_plane + o_flat]);
            const T value = interpolated(x + (n * channels + channel) * plane, in, position);
            sum.add(w[(f * group_channels + c) * taps + tap], value * static_cast<T>(mask[place * out_plane + o_flat]));
          }
        });
        out[(n * filters + f) * out_plane + o_flat] = sum.total() + static_cast<T>(bias[f]);
      });
}

}  // namespace inferc::ref
