#pragma once
#include <cstddef>
#include <utility>

#include "kernels/simd.hpp"

namespace inferc::cpu {
namespace transpose_detail {

// Lanes I of a, then b.
template <int... I, class V>
[[gnu::always_inline]] inline V shuffle(V a, V b) {
#if defined(__clang__) || __GNUC__ >= 12
  return __builtin_shufflevector(a, b, I...);
#else
  return __builtin_shuffle(a, b, IntOf<V>{I...});
#endif
}

// Pairs of rows, then pairs of pairs: a 4 x 4 block in each 128-bit part.
template <class V, int... Low, int... High, int... Low2, int... High2>
[[gnu::always_inline]] inline void quads(V (&r)[4], std::integer_sequence<int, Low...>, std::integer_sequence<int, High...>,
                                         std::integer_sequence<int, Low2...>, std::integer_sequence<int, High2...>) {
  const V a = shuffle<Low...>(r[0], r[1]), b = shuffle<High...>(r[0], r[1]);
  const V c = shuffle<Low...>(r[2], r[3]), d = shuffle<High...>(r[2], r[3]);
  r[0] = shuffle<Low2...>(a, c), r[1] = shuffle<High2...>(a, c);
  r[2] = shuffle<Low2...>(b, d), r[3] = shuffle<High2...>(b, d);
}
template <int... I>
using Lanes = std::integer_sequence<int, I...>;

// A square block: its columns in vectors, or in memory.
struct Block4 {
  static constexpr std::size_t size = 4;
  using V = F32<4>;
  [[gnu::always_inline]] static void columns(V (&r)[4], const float* from, std::size_t ldf) {
    r[0] = load<V>(from), r[1] = load<V>(from + ldf), r[2] = load<V>(from + 2 * ldf), r[3] = load<V>(from + 3 * ldf);
    quads(r, Lanes<0, 4, 1, 5>{}, Lanes<2, 6, 3, 7>{}, Lanes<0, 1, 4, 5>{}, Lanes<2, 3, 6, 7>{});
  }
  [[gnu::always_inline]] static void run(float* to, std::size_t ldt, const float* from, std::size_t ldf) {
    V r[4];
    columns(r, from, ldf);
    store(to, r[0]), store(to + ldt, r[1]), store(to + 2 * ldt, r[2]), store(to + 3 * ldt, r[3]);
  }
};
template <class Eight>  // a template: a path without such vectors does not even see it
struct Block8 {
  static constexpr std::size_t size = 8;
  using V = Eight;
  [[gnu::always_inline]] static void half(V (&r)[4]) {
    quads(r, Lanes<0, 8, 1, 9, 4, 12, 5, 13>{}, Lanes<2, 10, 3, 11, 6, 14, 7, 15>{}, Lanes<0, 1, 8, 9, 4, 5, 12, 13>{}, Lanes<2, 3, 10, 11, 6, 7, 14, 15>{});
  }
  [[gnu::always_inline]] static void columns(V (&r)[8], const float* from, std::size_t ldf) {
    V a[4] = {load<V>(from), load<V>(from + ldf), load<V>(from + 2 * ldf), load<V>(from + 3 * ldf)};
    from += 4 * ldf;
    V b[4] = {load<V>(from), load<V>(from + ldf), load<V>(from + 2 * ldf), load<V>(from + 3 * ldf)};
    half(a), half(b);
    for (std::size_t i = 0; i < 4; ++i) {
      r[i] = shuffle<0, 1, 2, 3, 8, 9, 10, 11>(a[i], b[i]);
      r[4 + i] = shuffle<4, 5, 6, 7, 12, 13, 14, 15>(a[i], b[i]);
    }
  }
  [[gnu::always_inline]] static void run(float* to, std::size_t ldt, const float* from, std::size_t ldf) {
    V r[8];
    columns(r, from, ldf);
    for (std::size_t i = 0; i < 8; ++i) store(to + i * ldt, r[i]);
  }
};
template <class V>
struct BlockOf {
  using type = Block8<F32<8>>;
};
template <>
struct BlockOf<F32<4>> {
  using type = Block4;
};

}  // namespace transpose_detail

// to[c, r] = from[r, c] for rows x cols elements; ldt, ldf elements between rows.
inline void transpose(float* to, std::size_t ldt, const float* from, std::size_t ldf, std::size_t rows, std::size_t cols) {
  using Block = transpose_detail::BlockOf<Vec>::type;
  constexpr std::size_t W = Block::size;
  const std::size_t whole_rows = rows / W * W, whole_cols = cols / W * W;
  for (std::size_t r = 0; r < whole_rows; r += W) {
    for (std::size_t c = 0; c < whole_cols; c += W) Block::run(to + c * ldt + r, ldt, from + r * ldf + c, ldf);
    for (std::size_t c = whole_cols; c < cols; ++c)
      for (std::size_t i = r; i < r + W; ++i) to[c * ldt + i] = from[i * ldf + c];
  }
  for (std::size_t r = whole_rows; r < rows; ++r)
    for (std::size_t c = 0; c < cols; ++c) to[c * ldt + r] = from[r * ldf + c];
}

// b[n, k], ldb elements between its rows, as the panels of b^T[k, n] that pack.hpp describes.
inline void pack_transposed(float* packed, const float* b, std::size_t ldb, std::size_t k, std::size_t n) {
  for (std::size_t col = 0; col < n; col += 16, packed += 16 * k) {
    const std::size_t width = n - col < 16 ? n - col : 16;
    if (width < 16)
      for (std::size_t i = 0; i < 16 * k; ++i) packed[i] = 0;
    transpose(packed, 16, b + col * ldb, ldb, width, k);
  }
}

}  // namespace inferc::cpu
