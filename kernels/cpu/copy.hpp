#pragma once
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "kernels/cpu/map.hpp"
#include "kernels/fault.hpp"

// Moving elements of any width (T: an unsigned integer as wide): strided copies, transposes, gathered and scattered rows.
namespace inferc::cpu {
namespace copy_detail {

template <class T>
[[gnu::always_inline]] inline void row(T* to, const T* from, std::size_t n) {
  if constexpr (std::is_same_v<T, bool>) {  // no element of a vector
    row(reinterpret_cast<unsigned char*>(to), reinterpret_cast<const unsigned char*>(from), n);
    return;
  } else {
    if (n >= 256 / sizeof(T)) {
      __builtin_memcpy(to, from, n * sizeof(T));
      return;
    }
    constexpr std::size_t W = 16 / sizeof(T);
    typedef T Chunk __attribute__((vector_size(16), aligned(alignof(T)), may_alias));
    std::size_t j = 0;
    for (; j + W <= n; j += W) *reinterpret_cast<Chunk*>(to + j) = *reinterpret_cast<const Chunk*>(from + j);
    for (std::size_t left = n % W; left > 0; --left, ++j) to[j] = from[j];
  }
}

// A block of rows x cols whose source runs down the columns; both sides stay within a few cache lines.
template <class T>
[[gnu::always_inline]] inline void transpose_block(T* to, std::ptrdiff_t to_row, const T* from, std::ptrdiff_t from_col, std::size_t rows, std::size_t cols) {
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < cols; ++j)
      to[static_cast<std::ptrdiff_t>(i) * to_row + static_cast<std::ptrdiff_t>(j)] =
          from[static_cast<std::ptrdiff_t>(j) * from_col + static_cast<std::ptrdiff_t>(i)];
}

// 4 x 4 of 32 bits: rows a, b, c, d become columns.
typedef std::uint32_t Quad __attribute__((vector_size(16)));
typedef std::uint32_t QuadAt __attribute__((vector_size(16), aligned(4), may_alias));
[[gnu::always_inline]] inline void transpose_4x4(std::uint32_t* to, std::ptrdiff_t to_row, const std::uint32_t* from, std::ptrdiff_t from_col) {
  const Quad a = *reinterpret_cast<const QuadAt*>(from), b = *reinterpret_cast<const QuadAt*>(from + from_col);
  const Quad c = *reinterpret_cast<const QuadAt*>(from + 2 * from_col), d = *reinterpret_cast<const QuadAt*>(from + 3 * from_col);
  *reinterpret_cast<QuadAt*>(to) = Quad{a[0], b[0], c[0], d[0]};
  *reinterpret_cast<QuadAt*>(to + to_row) = Quad{a[1], b[1], c[1], d[1]};
  *reinterpret_cast<QuadAt*>(to + 2 * to_row) = Quad{a[2], b[2], c[2], d[2]};
  *reinterpret_cast<QuadAt*>(to + 3 * to_row) = Quad{a[3], b[3], c[3], d[3]};
}

// to[i, j] = from[j, i]; rows of `to` and of `from` are contiguous.
template <class T>
inline void transpose(T* to, std::ptrdiff_t to_row, const T* from, std::ptrdiff_t from_col, std::size_t rows, std::size_t cols) {
  constexpr std::size_t block = 16;
  for (std::size_t i = 0; i < rows; i += block)
    for (std::size_t j = 0; j < cols; j += block) {
      const std::size_t r = rows - i < block ? rows - i : block, c = cols - j < block ? cols - j : block;
      T* t = to + static_cast<std::ptrdiff_t>(i) * to_row + static_cast<std::ptrdiff_t>(j);
      const T* f = from + static_cast<std::ptrdiff_t>(j) * from_col + static_cast<std::ptrdiff_t>(i);
      if (sizeof(T) == 4 && r == block && c == block) {
        for (std::ptrdiff_t p = 0; p < 16; p += 4)
          for (std::ptrdiff_t q = 0; q < 16; q += 4)
            transpose_4x4(reinterpret_cast<std::uint32_t*>(t + p * to_row + q), to_row, reinterpret_cast<const std::uint32_t*>(f + q * from_col + p), from_col);
      } else {
        transpose_block(t, to_row, f, from_col, r, c);
      }
    }
}

template <class T, int R, Step S>
inline void nest(const std::int64_t* outer, std::size_t n, const Strided<T, R, Step::unit>& to, const Strided<const T, R, S>& from) {
  if constexpr (R == 1) {
    if constexpr (S == Step::unit) row(to.data, from.data, n);
    else
      for (std::size_t j = 0; j < n; ++j) to.data[j] = from.one(j);
  } else {
    if constexpr (R == 2 && S == Step::any)
      if (from.stride[0] == 1) return transpose(to.data, to.stride[0], from.data, from.stride[1], static_cast<std::size_t>(outer[0]), n);
    const auto size = static_cast<std::size_t>(outer[0]);
    for (std::size_t i = 0; i < size; ++i) nest(outer + 1, n, to.at(i), from.at(i));
  }
}

}  // namespace copy_detail

// to = from; the last dim of `to` is contiguous. Over the indices `first` of the first dim, x `inner` x n, or over n elements.
template <class B, class E, class T, int R, Step S>
void copy(Range<B, E> first, Sizes<R - 2> inner, std::size_t n, Strided<T, R, Step::unit> to, Strided<const T, R, S> from) {
  std::int64_t outer[R - 1] = {static_cast<std::int64_t>(first.end - first.begin)};
  for (int d = 0; d < R - 2; ++d) outer[d + 1] = inner.value[d];
  copy_detail::nest(outer, n, to.from(first.begin), from.from(first.begin));
}
template <class T, Step S>
void copy(std::size_t n, Strided<T, 1, Step::unit> to, Strided<const T, 1, S> from) {
  copy_detail::nest(nullptr, n, to, from);
}

// out[o, m, :] = data[o, indices[m], :] for rows of `inner` elements; negative indices count from the end.
template <class T, class I>
Fault gather(T* out, const T* data, const I* indices, std::size_t outer, std::size_t axis, std::size_t inner, std::size_t count) {
  const auto n = static_cast<std::int64_t>(axis);
  bool good = true;
  for (std::size_t m = 0; m < count; ++m) good &= (indices[m] >= -n) & (indices[m] < n);
  if (!good) return Fault::index_out_of_range;
  for (std::size_t o = 0; o < outer; ++o, data += axis * inner)
    for (std::size_t m = 0; m < count; ++m, out += inner) {
      const auto index = static_cast<std::int64_t>(indices[m]);
      copy_detail::row(out, data + static_cast<std::size_t>(index < 0 ? index + n : index) * inner, inner);
    }
  return Fault::none;
}

}  // namespace inferc::cpu
