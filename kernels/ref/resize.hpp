#pragma once
#include "kernels/functors.hpp"
#include "kernels/view.hpp"

namespace inferc::ref {

enum class Interpolation : unsigned char { nearest, linear, cubic };
enum class Coordinates : unsigned char { half_pixel, half_pixel_symmetric, pytorch_half_pixel, align_corners, asymmetric, tf_crop_and_resize };
enum class Nearest : unsigned char { round_prefer_floor, round_prefer_ceil, floor, ceil };

inline constexpr int resize_rank = 8;  // of the per-axis parameters, aligned to the last axis

struct ResizeRule {
  Interpolation interpolation;
  Coordinates coordinates;
  Nearest nearest;
  bool exclude_outside, antialias;
  double cubic_a, extrapolation;
};

namespace resize_detail {

// Elements along an axis and their weights. Antialiased, they are as many as the stretched filter covers and their weights
// follow from the distance to x, squeezed; `squeeze` is 0 where weights are listed.
struct Taps {
  std::size_t index[4];
  double weight[4];
  std::size_t count;
  double x = 0, first = 0, last = 0, squeeze = 0, total = 1;
};

inline double source(Coordinates mode, double x, double in, double out, double scale, double start, double end) {
  const double resized = in * scale;
  switch (mode) {
    case Coordinates::half_pixel:
      return (x + 0.5) / scale - 0.5;
    case Coordinates::half_pixel_symmetric:
      return in / 2 * (1 - out / resized) + (x + 0.5) / scale - 0.5;
    case Coordinates::pytorch_half_pixel:
      return resized > 1 ? (x + 0.5) / scale - 0.5 : -0.5;
    case Coordinates::align_corners:
      return resized == 1 ? 0 : x * (in - 1) / (resized - 1);
    case Coordinates::asymmetric:
      return x / scale;
    case Coordinates::tf_crop_and_resize:
      return out > 1 ? start * (in - 1) + x * (end - start) * (in - 1) / (out - 1) : 0.5 * (start + end) * (in - 1);
  }
  return x;
}

inline double nearest(Nearest mode, double x) {
  switch (mode) {
    case Nearest::round_prefer_floor:
      return math64::ceil(x - 0.5);
    case Nearest::round_prefer_ceil:
      return math64::floor(x + 0.5);
    case Nearest::floor:
      return math64::floor(x);
    case Nearest::ceil:
      return math64::ceil(x);
  }
  return x;
}

// Keys' kernel at distance t >= 0.
inline double keys(double t, double a) {
  if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  return t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0;
}

inline std::size_t inside(double at, double last) { return static_cast<std::size_t>(at < 0 ? 0 : at > last ? last : at); }

inline double stretched_weight(const ResizeRule& rule, const Taps& t, std::size_t k) {
  const double at = t.first + static_cast<double>(k), distance = math64::abs(at - t.x) * t.squeeze;
  if (rule.exclude_outside && (at < 0 || at > t.last)) return 0;
  if (rule.interpolation == Interpolation::cubic) return keys(distance, rule.cubic_a);
  return distance < 1 ? 1 - distance : 0;
}

// The filter stretched by 1 / scale where that exceeds 1, over every element that it covers.
inline Taps stretched(const ResizeRule& rule, double x, std::size_t in, double scale) {
  const double squeeze = scale < 1 ? scale : 1, reach = rule.interpolation == Interpolation::cubic ? 2 : 1;
  const double start = math64::floor(-reach / squeeze) + 1;
  Taps t{{}, {}, static_cast<std::size_t>(2 - 2 * start), x, math64::ceil(x) - 1 + start, static_cast<double>(in) - 1, squeeze};
  double total = 0;
  for (std::size_t k = 0; k < t.count; ++k) total += stretched_weight(rule, t, k);
  if (total != 0) t.total = total;
  return t;
}

inline double weight(const ResizeRule& rule, const Taps& t, std::size_t k) { return t.squeeze != 0 ? stretched_weight(rule, t, k) / t.total : t.weight[k]; }
inline std::size_t index(const Taps& t, std::size_t k) { return t.squeeze != 0 ? inside(t.first + static_cast<double>(k), t.last) : t.index[k]; }

// Weights of the elements around x along an axis of `in` elements; indices outside are those of the nearest element.
inline Taps taps(const ResizeRule& rule, double x, std::size_t in, double scale) {
  if (rule.antialias && rule.interpolation != Interpolation::nearest) return stretched(rule, x, in, scale);
  Taps t{{}, {}, 0};
  const double last = static_cast<double>(in) - 1;
  const auto add = [&](double at, double weight) {
    if (rule.exclude_outside && (at < 0 || at > last)) weight = 0;
    t.index[t.count] = inside(at, last);
    t.weight[t.count++] = weight;
  };
  const double low = math64::floor(x), part = x - low;
  if (rule.interpolation == Interpolation::nearest) {
    t.weight[t.count] = 1;
    t.index[t.count++] = inside(nearest(rule.nearest, x), last);
  } else if (rule.interpolation == Interpolation::linear) {
    add(low, 1 - part);
    add(low + 1, part);
  } else {
    for (int k = -1; k <= 2; ++k) add(low + k, keys(math64::abs(part - k), rule.cubic_a));
  }
  double total = 0;
  for (std::size_t k = 0; k < t.count; ++k) total += t.weight[k];
  for (std::size_t k = 0; rule.exclude_outside && k < t.count; ++k) t.weight[k] /= total;
  return t;
}

}  // namespace resize_detail

// out by interpolation of `in` at the source of each output position; per axis a scale (0: the quotient of the sizes) and
// the region [start, end] of tf_crop_and_resize, whose outside gives the extrapolation value. Axes of equal size with
// scale 1 are copied.
template <class T, int R>
void resize(View<T, R> out, View<const T, R> in, Params<resize_rank> scale, Params<resize_rank> start, Params<resize_rank> end, std::int64_t interpolation,
            std::int64_t coordinates, std::int64_t nearest, bool exclude_outside, bool antialias, double cubic_a, double extrapolation) {
  const ResizeRule rule{static_cast<Interpolation>(interpolation),
                        static_cast<Coordinates>(coordinates),
                        static_cast<Nearest>(nearest),
                        exclude_outside,
                        antialias,
                        cubic_a,
                        extrapolation};
  for_each_index<R>(out.shape, [&](const auto& i) {
    resize_detail::Taps axis[R > 0 ? R : 1];
    std::size_t count[R > 0 ? R : 1] = {};
    bool outside = false;
    for (int d = 0; d < R; ++d) {
      const int p = d + resize_rank - R;
      const double n = static_cast<double>(in.shape[d]), m = static_cast<double>(out.shape[d]);
      const double s = scale.value[p] > 0 ? scale.value[p] : m / n;
      const bool cropped = rule.coordinates == Coordinates::tf_crop_and_resize;
      axis[d] = {{i[d]}, {1}, 1};
      if (s != 1 || in.shape[d] != out.shape[d] || (cropped && (start.value[p] != 0 || end.value[p] != 1))) {
        const double x = resize_detail::source(rule.coordinates, static_cast<double>(i[d]), n, m, s, start.value[p], end.value[p]);
        outside |= cropped && (x < 0 || x > n - 1);
        axis[d] = resize_detail::taps(rule, x, in.shape[d], s);
      }
      count[d] = axis[d].count;
    }
    double total = 0;
    T single{};
    for_each_index<R>(count, [&](const auto& k) {
      std::ptrdiff_t offset = 0;
      double weight = 1;
      for (int d = 0; d < R; ++d) {
        offset += static_cast<std::ptrdiff_t>(resize_detail::index(axis[d], k[d])) * in.stride[d];
        weight *= resize_detail::weight(rule, axis[d], k[d]);
      }
      single = in.data[offset];
      total += weight * static_cast<double>(single);
    });
    const bool copy = rule.interpolation == Interpolation::nearest;
    at(out, i) = outside ? static_cast<T>(rule.extrapolation) : copy ? single : static_cast<T>(total);
  });
}

}  // namespace inferc::ref
