#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/cpu/access.hpp"
#include "kernels/cpu/map.hpp"
#include "kernels/fault.hpp"

// Rows of a table that a loop or an epilogue reads where they are, picked by an index; negative ones count from the end.
// check_indices has found all of them good.
namespace inferc::cpu {

// Whether all indices are in [-rows, rows): neither index + rows nor rows - 1 - index is negative. Each of the two is so for an index
// beyond its own end alone, also where it wraps.
template <class I>
Fault check_indices(const I* index, std::size_t count, std::size_t rows) {
  const auto n = static_cast<std::uint64_t>(rows);
  std::uint64_t signs = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto x = static_cast<std::uint64_t>(static_cast<std::int64_t>(index[i]));
    signs |= (x + n) | (n - 1 - x);
  }
  return signs >> 63 == 0 ? Fault::none : Fault::index_out_of_range;
}

template <class I>
[[gnu::always_inline]] inline std::ptrdiff_t picked(I index, std::ptrdiff_t rows) {
  return static_cast<std::ptrdiff_t>(index) + (index < 0 ? rows : 0);
}

// An operand of map(): element (i0, ..., iR-1) is data[picked(index[i0 * index_stride[0] + ...]) * row + i0 * stride[0] + ...]. The
// last stride of the index is 0.
template <class T, class I, int R, Step S>
struct Gathered {
  static_assert(R >= 2);
  T* data;
  std::ptrdiff_t stride[R];
  const I* index;
  std::ptrdiff_t index_stride[R];
  std::ptrdiff_t row, rows;

  [[gnu::always_inline]] auto at(std::size_t i) const {
    const auto n = static_cast<std::ptrdiff_t>(i);
    if constexpr (R == 2) {
      return Strided<T, 1, S>{data + picked(index[n * index_stride[0]], rows) * row + n * stride[0], {stride[1]}};
    } else {
      Gathered<T, I, R - 1, S> r{data + n * stride[0], {}, index + n * index_stride[0], {}, row, rows};
      for (int d = 1; d < R; ++d) r.stride[d - 1] = stride[d], r.index_stride[d - 1] = index_stride[d];
      return r;
    }
  }
};

// An operand of an epilogue: row `row` is row picked(index[row]) of the table.
template <class I>
struct GatheredRow {
  const float* data;
  std::ptrdiff_t stride;
  const I* index;
  std::ptrdiff_t rows;
  template <class V, class Count>
  [[gnu::always_inline]] V get(std::size_t row, std::size_t col, Count n) const {
    return load_valid<V>(data + picked(index[row], rows) * stride + static_cast<std::ptrdiff_t>(col), n);
  }
};

}  // namespace inferc::cpu
