#pragma once
#include <cstddef>
#include <cstdint>

namespace inferc {

// A tensor of rank R: element (i0, i1, ...) is data[i0 * stride[0] + i1 * stride[1] + ...]; strides in elements.
template <class T, int R>
struct View {
  T* data;
  std::size_t shape[R > 0 ? R : 1];
  std::ptrdiff_t stride[R > 0 ? R : 1];

  constexpr std::size_t size() const {
    std::size_t n = 1;
    for (int d = 0; d < R; ++d) n *= shape[d];
    return n;
  }
  template <class... I>
  constexpr T& operator()(I... i) const {
    static_assert(sizeof...(I) == R);
    std::ptrdiff_t at = 0;
    int d = 0;
    ((at += static_cast<std::ptrdiff_t>(i) * stride[d++]), ...);
    return data[at];
  }
};

// A short list of integers (pads, strides, axes).
template <int N>
struct Sizes {
  std::int64_t value[N > 0 ? N : 1];
};

// Scalar parameters of a functor (alpha, beta ...).
template <int N>
struct Params {
  double value[N > 0 ? N : 1];
};

// The elements of `shape` in row-major order: f(index) with a `const std::size_t (&)[R]`. Rank 0 calls f once.
template <int R, class F>
constexpr void for_each_index(const std::size_t (&shape)[R > 0 ? R : 1], F f) {
  std::size_t i[R > 0 ? R : 1] = {};
  for (int d = 0; d < R; ++d)
    if (shape[d] == 0) return;
  for (;;) {
    f(i);
    int d = R - 1;
    for (; d >= 0 && ++i[d] == shape[d]; --d) i[d] = 0;
    if (d < 0) return;
  }
}

// The element of `v` at index `i` (as given by for_each_index).
template <class T, int R>
constexpr T& at(const View<T, R>& v, const std::size_t (&i)[R > 0 ? R : 1]) {
  std::ptrdiff_t offset = 0;
  for (int d = 0; d < R; ++d) offset += static_cast<std::ptrdiff_t>(i[d]) * v.stride[d];
  return v.data[offset];
}

}  // namespace inferc
