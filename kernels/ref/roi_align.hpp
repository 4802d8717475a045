#pragma once
#include "kernels/fault.hpp"
#include "kernels/functors.hpp"
#include "kernels/math64.hpp"
#include "kernels/view.hpp"

namespace inferc::ref {
namespace roi_detail {

// Samples of one axis of a region: bin p has `grid` of them.
struct Axis {
  double start, bin;
  std::size_t grid;
  std::int64_t size;

  // From start to end in `bins` bins; `ratio` samples a bin, where it is 0 as many as the bin has elements (at most 2^20).
  static Axis of(double start, double end, bool aligned, std::size_t bins, std::int64_t ratio, std::int64_t size) {
    double length = end - start;
    if (!aligned && length < 1) length = 1;
    const double bin = length / static_cast<double>(bins), count = math64::ceil(bin);
    const std::size_t adaptive = count >= 0x1p20 ? std::size_t{1} << 20 : count > 0 ? static_cast<std::size_t>(count) : 0;
    return {start, bin, ratio > 0 ? static_cast<std::size_t>(ratio) : adaptive, size};
  }
  double position(std::size_t p, std::size_t i) const {
    return start + static_cast<double>(p) * bin + (static_cast<double>(i) + 0.5) * bin / static_cast<double>(grid);
  }
  bool outside(double at) const { return !(at >= -1 && at <= static_cast<double>(size)); }
  // The two elements around a position and the weight of the second.
  double split(double at, std::int64_t& low, std::int64_t& high) const {
    const double inside = at > 0 ? at : 0;
    low = static_cast<std::int64_t>(inside);
    if (low >= size - 1) return low = high = size - 1, 0;
    high = low + 1;
    return inside - static_cast<double>(low);
  }
};

}  // namespace roi_detail

// Each region [x1, y1, x2, y2] of its image in height x width bins: the mean (or the largest) of bilinear samples of a bin. An image
// that there is not is a fault, found before anything is written. Sizes: images, channels, rows, columns, regions, height, width.
template <class T>
Fault roi_align(T* out, const T* x, const T* rois, const std::int64_t* image, Sizes<7> sizes, double scale, std::int64_t ratio, bool aligned, bool largest) {
  const auto n = [&](int d) { return static_cast<std::size_t>(sizes.value[d]); };
  const std::size_t channels = n(1), height = n(5), width = n(6);
  for (std::size_t r = 0; r < n(4); ++r)
    if (image[r] < 0 || image[r] >= sizes.value[0]) return Fault::index_out_of_range;
  for (std::size_t r = 0; r < n(4); ++r) {
    const auto corner = [&](std::size_t k) { return static_cast<double>(rois[r * 4 + k]) * scale - (aligned ? 0.5 : 0); };
    const auto rows = roi_detail::Axis::of(corner(1), corner(3), aligned, height, ratio, sizes.value[2]);
    const auto columns = roi_detail::Axis::of(corner(0), corner(2), aligned, width, ratio, sizes.value[3]);
    const std::size_t samples = rows.grid * columns.grid;
    for (std::size_t c = 0; c < channels; ++c) {
      const T* const plane = x + (static_cast<std::size_t>(image[r]) * channels + c) * n(2) * n(3);
      for (std::size_t p = 0; p < height * width; ++p) {
        double total = 0, top = 0;
        for (std::size_t s = 0; s < samples; ++s) {
          const double at_row = rows.position(p / width, s / columns.grid), at_column = columns.position(p % width, s % columns.grid);
          double part[4] = {};
          if (!rows.outside(at_row) && !columns.outside(at_column)) {
            std::int64_t y[2], z[2];
            const double ly = rows.split(at_row, y[0], y[1]), lz = columns.split(at_column, z[0], z[1]);
            for (std::size_t k = 0; k < 4; ++k)
              part[k] = (k / 2 == 0 ? 1 - ly : ly) * (k % 2 == 0 ? 1 - lz : lz) * static_cast<double>(plane[y[k / 2] * sizes.value[3] + z[k % 2]]);
          }
          const double most = functors::max::apply(functors::max::apply(part[0], part[1]), functors::max::apply(part[2], part[3]));
          total += part[0] + part[1] + part[2] + part[3];
          top = s == 0 ? most : functors::max::apply(top, most);
        }
        out[((r * channels + c) * height) * width + p] = static_cast<T>(largest ? top : total / static_cast<double>(samples == 0 ? 1 : samples));
      }
    }
  }
  return Fault::none;
}

}  // namespace inferc::ref
