#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/fault.hpp"
#include "kernels/view.hpp"

// Operands that give sizes and are read at run time, against the sizes that the code was compiled for. `from` and `to` are
// the shapes of input and output, eight sizes of which the first `from_rank`, `to_rank` count.
namespace inferc::ref {

inline constexpr std::int64_t largest_size = std::int64_t{1} << 41;  // beyond every size

constexpr Fault fits(bool good) { return good ? Fault::none : Fault::dim_mismatch; }

// An axis from the front, or `rank` where there is none.
constexpr std::size_t axis_in(std::int64_t axis, std::size_t rank) {
  const auto r = static_cast<std::int64_t>(rank);
  return axis < -r || axis >= r ? rank : static_cast<std::size_t>(axis < 0 ? axis + r : axis);
}

// The elements are the first sizes of `to`.
template <class T>
Fault sizes_fit(const T* given, std::size_t count, Sizes<8> to) {
  bool good = true;
  for (std::size_t k = 0; k < count; ++k) good = good && given[k] == static_cast<T>(to.value[k]);
  return fits(good);
}

// Reshape: 0 takes the input's size (unless `allow_zero`), one -1 what is left.
template <class T>
Fault reshape_fits(const T* given, std::size_t count, Sizes<8> from, std::size_t from_rank, Sizes<8> to, bool allow_zero) {
  bool good = true, open = false, empty = false;
  for (std::size_t d = 0; d < count; ++d) {
    if (given[d] == -1) {
      good = good && !open;
      open = true;
      continue;
    }
    const std::int64_t size = given[d] == 0 && !allow_zero ? (d < from_rank ? from.value[d] : -1) : static_cast<std::int64_t>(given[d]);
    empty = empty || size == 0;
    good = good && size == to.value[d];
  }
  return fits(good && !(open && empty));
}

// Expand: multidirectional broadcasting.
template <class T>
Fault expand_fits(const T* given, std::size_t count, Sizes<8> from, std::size_t from_rank, Sizes<8> to, std::size_t to_rank) {
  bool good = to_rank == (count > from_rank ? count : from_rank);
  for (std::size_t k = 0; good && k < to_rank; ++k) {
    const std::int64_t x = k < from_rank ? from.value[from_rank - 1 - k] : 1;
    const std::int64_t y = k < count ? static_cast<std::int64_t>(given[count - 1 - k]) : 1;
    good = to.value[to_rank - 1 - k] == (y == 1 ? x : y) && (x == 1 || y == 1 || x == y);
  }
  return fits(good);
}

// Tile
template <class T>
Fault tile_fits(const T* repeats, std::size_t count, Sizes<8> from, Sizes<8> to) {
  bool good = true;
  for (std::size_t d = 0; d < count; ++d) {
    std::int64_t size = 0;
    const bool over = __builtin_mul_overflow(from.value[d], static_cast<std::int64_t>(repeats[d]), &size);
    good = good && repeats[d] >= 0 && !over && size == to.value[d];
  }
  return fits(good);
}

// The axes of `rank` that are given. False where one does not exist or, unless `repeated`, is given twice.
template <class T>
constexpr bool mark_axes(const T* axes, std::size_t count, std::size_t rank, bool (&marked)[8], bool repeated) {
  for (bool& m : marked) m = false;
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t d = axis_in(static_cast<std::int64_t>(axes[k]), rank);
    if (d == rank || (marked[d] && !repeated)) return false;
    marked[d] = true;
  }
  return true;
}

// `longer` without the marked dims is `shorter`; these are all 1.
constexpr bool drops_to(const Sizes<8>& longer, std::size_t long_rank, const bool (&marked)[8], const Sizes<8>& shorter, std::size_t short_rank) {
  std::size_t at = 0;
  for (std::size_t d = 0; d < long_rank; ++d) {
    if (marked[d] && longer.value[d] != 1) return false;
    if (!marked[d] && (at == short_rank || longer.value[d] != shorter.value[at++])) return false;
  }
  return at == short_rank;
}

template <class T>
Fault squeeze_fits(const T* axes, std::size_t count, Sizes<8> from, std::size_t from_rank, Sizes<8> to, std::size_t to_rank) {
  bool gone[8];
  return fits(mark_axes(axes, count, from_rank, gone, true) && drops_to(from, from_rank, gone, to, to_rank));
}

template <class T>
Fault unsqueeze_fits(const T* axes, std::size_t count, Sizes<8> from, std::size_t from_rank, Sizes<8> to, std::size_t to_rank) {
  bool added[8];
  return fits(mark_axes(axes, count, to_rank, added, false) && drops_to(to, to_rank, added, from, from_rank));
}

// Reductions: which dims go. No axes: all, or none if `noop`. False where an axis does not exist.
template <class T>
constexpr bool reduced_axes(const T* axes, std::size_t count, std::size_t rank, bool noop, bool (&gone)[8]) {
  const bool good = mark_axes(axes, count, rank, gone, true);
  for (std::size_t d = 0; count == 0 && d < rank; ++d) gone[d] = !noop;
  return good;
}

template <class T>
Fault reduce_fits(const T* axes, std::size_t count, Sizes<8> from, std::size_t rank, Sizes<8> to, std::size_t to_rank, bool keep, bool noop) {
  bool gone[8];
  bool good = reduced_axes(axes, count, rank, noop, gone);
  std::size_t at = 0;
  for (std::size_t d = 0; good && d < rank; ++d) {
    if (gone[d] && !keep) continue;
    good = at < to_rank && to.value[at] == (gone[d] ? 1 : from.value[d]);
    ++at;
  }
  return fits(good && at == to_rank);
}

// A window of an axis of n elements, as ONNX Slice clamps it.
struct SliceWindow {
  std::int64_t begin, step, size;
};
constexpr SliceWindow slice_window(std::int64_t start, std::int64_t end, std::int64_t step, std::int64_t n) {
  const std::int64_t low = step > 0 ? 0 : -1, high = step > 0 ? n : n - 1;
  const auto clamp = [](std::int64_t x, std::int64_t a, std::int64_t b) { return x < a ? a : x > b ? b : x; };
  step = clamp(step, -largest_size, largest_size);
  start = clamp(start < 0 ? start + n : start, step > 0 ? 0 : n > 0 ? 0 : -1, high);
  end = clamp(end < 0 ? end + n : end, low, high);
  const std::int64_t distance = step > 0 ? end - start : start - end, stride = step > 0 ? step : -step;
  return {start, step, distance > 0 ? (distance - 1) / stride + 1 : 0};
}

// The windows of all axes; false where axes or steps are not valid.
template <class T>
constexpr bool slice_windows(const T* starts, const T* ends, const T* axes, const T* steps, std::size_t count, const std::int64_t* shape, std::size_t rank,
                             SliceWindow (&out)[8]) {
  bool seen[8];
  bool good = mark_axes(axes, count, rank, seen, false);
  for (std::size_t d = 0; d < rank; ++d) out[d] = {0, 1, shape[d]};
  for (std::size_t k = 0; good && k < count; ++k) {
    const std::size_t d = axis_in(static_cast<std::int64_t>(axes[k]), rank);
    good = steps[k] != 0;
    if (good) out[d] = slice_window(static_cast<std::int64_t>(starts[k]), static_cast<std::int64_t>(ends[k]), static_cast<std::int64_t>(steps[k]), shape[d]);
  }
  return good;
}

template <class T>
Fault slice_fits(const T* starts, const T* ends, const T* axes, const T* steps, std::size_t count, Sizes<8> from, std::size_t rank, Sizes<8> to) {
  SliceWindow windows[8];
  bool good = slice_windows(starts, ends, axes, steps, count, from.value, rank, windows);
  for (std::size_t d = 0; good && d < rank; ++d) good = windows[d].size == to.value[d];
  return fits(good);
}

// Pad: what a mode (0 constant, 1 reflect, 2 edge, 3 wrap) needs of an axis of n elements.
constexpr bool pad_possible(std::int64_t n, std::int64_t before, std::int64_t after, std::int64_t mode) {
  if (before < -largest_size || before > largest_size || after < -largest_size || after > largest_size) return false;
  if (mode == 0 || (before == 0 && after == 0)) return true;
  return mode == 1 ? before < n && after < n : n > 0 || (before <= 0 && after <= 0);
}

template <class A>
Fault pad_fits(const std::int64_t* pads, const A* axes, std::size_t count, Sizes<8> from, std::size_t rank, Sizes<8> to, std::int64_t mode) {
  bool seen[8];
  bool good = mark_axes(axes, count, rank, seen, false);
  for (std::size_t d = 0; d < rank; ++d) good = good && (seen[d] || from.value[d] == to.value[d]);
  for (std::size_t k = 0; good && k < count; ++k) {
    const std::size_t d = axis_in(static_cast<std::int64_t>(axes[k]), rank);
    good = pad_possible(from.value[d], pads[k], pads[k + count], mode) && from.value[d] + pads[k] + pads[k + count] == to.value[d];
  }
  return fits(good);
}

// Range: max(0, ceil((limit - start) / delta)) elements; a delta of 0 has none.
template <class T>
Fault range_fits(const T* start, const T* limit, const T* delta, std::size_t size) {
  const bool floating = static_cast<T>(0.5) != T{0};
  if (floating) {
    const double n = (static_cast<double>(*limit) - static_cast<double>(*start)) / static_cast<double>(*delta), m = static_cast<double>(size);
    return fits(*delta != T{0} && (size == 0 ? n <= 0 : n > m - 1 && n <= m));
  }
  const auto a = static_cast<std::int64_t>(*start), b = static_cast<std::int64_t>(*limit), step = static_cast<std::int64_t>(*delta);
  if (step == 0) return Fault::dim_mismatch;
  const std::uint64_t distance =
      step > 0 ? static_cast<std::uint64_t>(b) - static_cast<std::uint64_t>(a) : static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b);
  const std::uint64_t stride = step > 0 ? static_cast<std::uint64_t>(step) : 0 - static_cast<std::uint64_t>(step);
  const bool none = step > 0 ? b <= a : a <= b;
  return fits((none ? 0 : (distance - 1) / stride + 1) == size);
}

}  // namespace inferc::ref
