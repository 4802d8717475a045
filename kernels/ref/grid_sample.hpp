#pragma once
#include "kernels/functors.hpp"
#include "kernels/ref/window.hpp"

namespace inferc::ref {

enum class GridPadding : unsigned char { zeros, border, reflection };

namespace grid_detail {

// x mirrored at low and high until it lies between.
inline double reflect(double x, double low, double high) {
  const double range = high - low;
  if (range <= 0) return low;
  const double from = x < low ? low - x : x > high ? x - high : 0;
  if (from == 0) return x;
  const double turns = math64::floor(from / range), rest = from - turns * range;
  const bool even = math64::fmod(turns, 2) == 0;
  return (x < low) == even ? low + rest : high - rest;
}

struct Taps {
  std::int64_t index[4];
  double weight[4];
  std::size_t count;
};

struct Axis {
  double size;
  GridPadding padding;
  bool align_corners;

  double low() const { return align_corners ? 0 : -0.5; }
  double high() const { return align_corners ? size - 1 : size - 0.5; }
  double pixel(double g) const { return align_corners ? (g + 1) / 2 * (size - 1) : ((g + 1) * size - 1) / 2; }
  double inside(double x) const {
    if (x >= low() && x <= high()) return x;
    if (padding == GridPadding::border) return x < 0 ? 0 : x > size - 1 ? size - 1 : x;
    return padding == GridPadding::reflection ? reflect(x, low(), high()) : x;
  }
  // The element at an integer position, -1 for none.
  std::int64_t element(double at) const {
    if (padding == GridPadding::reflection && (at < 0 || at > size - 1)) at = math64::trunc(reflect(at, low(), high()));
    if (padding == GridPadding::border) at = at < 0 ? 0 : at > size - 1 ? size - 1 : at;
    return at >= 0 && at <= size - 1 ? static_cast<std::int64_t>(at) : -1;
  }
  // mode: 0 nearest, 1 linear, 2 cubic (Keys' kernel with a = -0.75).
  Taps taps(double g, std::int64_t mode) const {
    Taps t{{}, {}, 0};
    const auto add = [&](double at, double weight) {
      t.index[t.count] = element(at);
      t.weight[t.count++] = weight;
    };
    const double x = inside(mode == 0 ? math64::rint(pixel(g)) : pixel(g)), floor = math64::floor(x), part = x - floor;
    if (mode == 0) add(math64::rint(x), 1);
    for (int k = 0; mode == 1 && k < 2; ++k) add(floor + k, k == 0 ? 1 - part : part);
    for (int k = -1; mode == 2 && k <= 2; ++k) add(floor + k, keys(math64::abs(part - k)));
    return t;
  }
  static double keys(double t) {
    constexpr double a = -0.75;
    return t <= 1 ? ((a + 2) * t - (a + 3)) * t * t + 1 : t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0;
  }
};

}  // namespace grid_detail

// out[n, c, o] = x[n, c, .] interpolated at grid[n, o, .], whose coordinates run from -1 to 1, the last axis first.
template <class T, class G, int S>
void grid_sample(T* out, const T* x, const G* grid, std::size_t batch, std::size_t channels, Sizes<S> in, Sizes<S> out_size, std::int64_t mode,
                 std::int64_t padding, bool align_corners) {
  const std::size_t plane = elements(in), out_plane = elements(out_size);
  for (std::size_t n = 0; n < batch; ++n)
    for_each_position(out_size, [&](const std::size_t(&)[S], std::size_t o) {
      grid_detail::Taps axis[S];
      std::size_t count[S];
      for (int d = 0; d < S; ++d) {
        const grid_detail::Axis a{static_cast<double>(in.value[d]), static_cast<GridPadding>(padding), align_corners};
        const auto coordinate = static_cast<std::size_t>(S - 1 - d);
        axis[d] = a.taps(static_cast<double>(grid[(n * out_plane + o) * static_cast<std::size_t>(S) + coordinate]), mode);
        count[d] = axis[d].count;
      }
      for (std::size_t c = 0; c < channels; ++c) {
        const T* const from = x + (n * channels + c) * plane;
        double total = 0;
        T single{};
        for_each_index<S>(count, [&](const std::size_t(&k)[S]) {
          std::int64_t at = 0;
          double weight = 1;
          for (int d = 0; d < S; ++d) {
            const std::int64_t i = axis[d].index[k[d]];
            at = at < 0 || i < 0 ? -1 : at * in.value[d] + i;
            weight *= axis[d].weight[k[d]];
          }
          if (at < 0) return;
          single = from[at];
          total += weight * static_cast<double>(single);
        });
        out[(n * channels + c) * out_plane + o] = mode == 0 ? single : static_cast<T>(total);
      }
    });
}

}  // namespace inferc::ref
