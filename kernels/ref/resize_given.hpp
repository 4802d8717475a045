#pragma once
#include "kernels/ref/resize.hpp"
#include "kernels/ref/shape_operand.hpp"

namespace inferc::ref {

// What Resize is told at run time about `count` axes (`axes`: which, of the dims from the front): scales or sizes, of which the other
// has no elements, and for tf_crop_and_resize the region, starts before ends. `policy` of sizes: 0 stretch, 1 not_larger, 2 not_smaller.
template <class F>
struct ResizeOperands {
  const float* scales;
  std::size_t scale_count;
  const std::int64_t* sizes;
  std::size_t size_count;
  const F* roi;
  std::size_t roi_count;
};

// The scale of axis k from `n` to `m` elements, 0 where it is their quotient; negative where the operands do not give m.
template <class F>
double resize_scale(const ResizeOperands<F>& o, std::size_t k, std::int64_t n, std::int64_t m, double common) {
  const double from = static_cast<double>(n), to = static_cast<double>(m);
  if (o.scale_count > 0) {
    const auto scale = static_cast<double>(o.scales[k]);
    return scale > 0 && scale < 1e9 && math64::floor(from * scale) == to ? scale : -1;
  }
  if (common <= 0) return o.sizes[k] == m ? 0 : -1;
  return math64::floor(common * from + 0.5) == to ? common : -1;
}

// One scale for all axes, the smallest or largest of those that the sizes ask for; 0: stretch.
template <class F>
double resize_common(const ResizeOperands<F>& o, const Sizes<8>& from, const Sizes<8>& axes, std::int64_t policy) {
  double out = 0;
  for (std::size_t k = 0; policy != 0 && k < o.size_count; ++k) {
    const double s = static_cast<double>(o.sizes[k]) / static_cast<double>(from.value[axes.value[k]]);
    const bool better = policy == 1 ? s < out : s > out;
    if (k == 0 || better) out = s;
  }
  return out;
}

template <class F>
Fault resize_fits(const float* scales, std::size_t scale_count, const std::int64_t* sizes, std::size_t size_count, const F* roi, std::size_t roi_count,
                  Sizes<8> axes, std::size_t count, Sizes<8> from, std::size_t rank, Sizes<8> to, std::int64_t policy) {
  const ResizeOperands<F> o{scales, scale_count, sizes, size_count, roi, roi_count};
  bool good = true, resized[8] = {};
  for (std::size_t k = 0; k < size_count; ++k) good = good && sizes[k] > 0 && sizes[k] < largest_size;
  const double common = good ? resize_common(o, from, axes, policy) : 0;
  for (std::size_t k = 0; good && k < count; ++k) {
    const auto d = static_cast<std::size_t>(axes.value[k]);
    resized[d] = true;
    good = from.value[d] > 0 && resize_scale(o, k, from.value[d], to.value[d], common) >= 0;
  }
  for (std::size_t d = 0; d < rank; ++d) good = good && (resized[d] || from.value[d] == to.value[d]);
  for (std::size_t k = 0; k < roi_count; ++k) good = good && roi[k] > -1e9 && roi[k] < 1e9;
  return fits(good);
}

// Resize with operands that are read at run time. Where they do not give the shape of `out`, it is a fault and nothing is written.
template <class T, class F, int R>
Fault resize_given(View<T, R> out, View<const T, R> in, const float* scales, std::size_t scale_count, const std::int64_t* sizes, std::size_t size_count,
                   const F* roi, std::size_t roi_count, Sizes<8> axes, std::size_t count, Sizes<8> from, std::size_t rank, Sizes<8> to, std::int64_t policy,
                   std::int64_t interpolation, std::int64_t coordinates, std::int64_t nearest, bool exclude_outside, bool antialias, double cubic_a,
                   double extrapolation) {
  if (const Fault f = resize_fits(scales, scale_count, sizes, size_count, roi, roi_count, axes, count, from, rank, to, policy); f != Fault::none) return f;
  const ResizeOperands<F> o{scales, scale_count, sizes, size_count, roi, roi_count};
  const double common = resize_common(o, from, axes, policy);
  Params<resize_rank> scale{{1, 1, 1, 1, 1, 1, 1, 1}}, start{}, end{{1, 1, 1, 1, 1, 1, 1, 1}};
  for (std::size_t k = 0; k < count; ++k) {
    const auto d = static_cast<std::size_t>(axes.value[k]), p = d + 8 - rank;
    scale.value[p] = resize_scale(o, k, from.value[d], to.value[d], common);
    if (roi_count != 2 * count) continue;
    start.value[p] = static_cast<double>(roi[k]);
    end.value[p] = static_cast<double>(roi[count + k]);
  }
  resize(out, in, scale, start, end, interpolation, coordinates, nearest, exclude_outside, antialias, cubic_a, extrapolation);
  return Fault::none;
}

}  // namespace inferc::ref
