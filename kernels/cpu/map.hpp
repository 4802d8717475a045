#pragma once
#include <cstddef>
#include <type_traits>
#include <utility>

#include "kernels/cpu/access.hpp"
#include "kernels/dim.hpp"
#include "kernels/simd.hpp"
#include "kernels/view.hpp"

// out[i...] = F::apply(in[i...]...) over an iteration space of any rank. Expressions over float, and bool beside it, are
// computed in vectors (bool as lane masks), others one element at a time; the bits are the same. An input may be the
// output if both have the same strides.
namespace inferc::cpu {

// How an operand moves along the innermost dim.
enum class Step : unsigned char { unit, splat, any };

// Element (i0, ..., iR-1) is data[i0 * stride[0] + ...]. The last stride is 1 for Step::unit, 0 for Step::splat.
template <class T, int R, Step S>
struct Strided {
  using Element = std::remove_const_t<T>;
  template <class V>
  using Lanes = std::conditional_t<std::is_same_v<Element, bool>, IntOf<V>, V>;
  T* data;
  std::ptrdiff_t stride[R];

  // The operand at index i of the outermost dim.
  [[gnu::always_inline]] Strided<T, R - 1, S> at(std::size_t i) const {
    Strided<T, R - 1, S> r{data + static_cast<std::ptrdiff_t>(i) * stride[0], {}};
    for (int d = 1; d < R; ++d) r.stride[d - 1] = stride[d];
    return r;
  }
  [[gnu::always_inline]] Strided from(std::size_t i) const {
    Strided r = *this;
    r.data += static_cast<std::ptrdiff_t>(i) * stride[0];
    return r;
  }

  // Rank 1: element j.
  [[gnu::always_inline]] T& one(std::size_t j) const {
    if constexpr (S == Step::unit) return data[j];
    else if constexpr (S == Step::splat) return *data;
    else return data[static_cast<std::ptrdiff_t>(j) * stride[0]];
  }
  // Rank 1: elements from j on. Lanes beyond the valid ones repeat a valid element, so that F meets no other values.
  template <class V>
  [[gnu::always_inline]] Lanes<V> get(std::size_t j, Whole) const {
    if constexpr (S == Step::splat) return lanes_of<V>(*data);
    else if constexpr (S == Step::any) return lanes_from<V>(data + static_cast<std::ptrdiff_t>(j) * stride[0], std::make_index_sequence<lane_count<V>>{});
    else if constexpr (std::is_same_v<Element, bool>) return load_mask<V>(data + j);
    else return load<V>(data + j);
  }
  template <class V>
  [[gnu::always_inline]] Lanes<V> get(std::size_t j, std::size_t n) const {
    if constexpr (S == Step::splat) {
      return lanes_of<V>(*data);
    } else if constexpr (S == Step::unit && !std::is_same_v<Element, bool>) {
      return load_first<V>(data + j, n, splat<V>(data[j]));
    } else {
      Lanes<V> v = lanes_of<V>(one(j));
      for (std::size_t i = 1; i < n; ++i) v[i] = lane_of(one(j + i));
      return v;
    }
  }
  template <class V>
  [[gnu::always_inline]] void put(std::size_t j, Lanes<V> v, Whole) const {
    if constexpr (S != Step::unit) put<V>(j, v, std::size_t{lane_count<V>});
    else if constexpr (std::is_same_v<Element, bool>) store_mask<V>(data + j, v);
    else store(data + j, v);
  }
  template <class V>
  [[gnu::always_inline]] void put(std::size_t j, Lanes<V> v, std::size_t n) const {
    if constexpr (S == Step::unit && !std::is_same_v<Element, bool>) store_first(data + j, v, n);
    else
      for (std::size_t i = 0; i < n; ++i) one(j + i) = static_cast<Element>(v[i]);
  }

 private:
  // An element as a lane: bool as all bits or none.
  [[gnu::always_inline]] static auto lane_of(Element x) {
    if constexpr (std::is_same_v<Element, bool>) return -static_cast<std::int32_t>(x);
    else return x;
  }
  template <class V>
  [[gnu::always_inline]] static Lanes<V> lanes_of(Element x) {
    if constexpr (std::is_same_v<Element, bool>) return splat_int<V>(lane_of(x));
    else return splat<V>(x);
  }
  template <class V, std::size_t... I>
  [[gnu::always_inline]] Lanes<V> lanes_from(T* p, std::index_sequence<I...>) const {
    return Lanes<V>{lane_of(p[static_cast<std::ptrdiff_t>(I) * stride[0]])...};
  }
};

namespace map_detail {

// The narrowest vector that holds a row whose length is known; Vec for others.
template <class N>
using RowVec =
    std::conditional_t<is_static<N> && (static_size<N> <= 4), F32<4>, std::conditional_t<is_static<N> && (static_size<N> <= 8) && (lanes > 8), F32<8>, Vec>>;

template <class... T>
inline constexpr bool in_vectors = (... && (std::is_same_v<T, float> || std::is_same_v<T, bool>)) && (... || std::is_same_v<T, float>);

// One row of n elements.
template <class F, class N, class Out, class... In>
[[gnu::always_inline]] inline void row(N n, const Out& out, const In&... in) {
  if constexpr (in_vectors<typename Out::Element, typename In::Element...>) {
    using V = RowVec<N>;
    constexpr std::size_t W = lane_count<V>;
    std::size_t j = 0;
    for (; j + W <= n; j += W) out.template put<V>(j, F::apply(in.template get<V>(j, Whole{})...), Whole{});
    if (j < n) out.template put<V>(j, F::apply(in.template get<V>(j, n - j)...), n - j);
  } else {
    for (std::size_t j = 0; j < n; ++j) out.one(j) = static_cast<typename Out::Element>(F::apply(in.one(j)...));
  }
}

template <class F, int R, class N, class Out, class... In>
[[gnu::always_inline]] inline void nest(const std::int64_t* outer, N n, const Out& out, const In&... in) {
  if constexpr (R == 0) {
    row<F>(n, out, in...);
  } else {
    const auto size = static_cast<std::size_t>(outer[0]);
    for (std::size_t i = 0; i < size; ++i) nest<F, R - 1>(outer + 1, n, out.at(i), in.at(i)...);
  }
}

}  // namespace map_detail

// One dim: elements [begin, end).
template <class F, class B, class E, class Out, class... In>
void map(Range<B, E> elements, Out out, In... in) {
  if constexpr (is_static<B> && is_static<E>) map_detail::row<F>(dim<static_size<E> - static_size<B>>{}, out.from(elements.begin), in.from(elements.begin)...);
  else map_detail::row<F>(elements.end - elements.begin, out.from(elements.begin), in.from(elements.begin)...);
}

// R + 2 dims: rows [begin, end) of the outermost, `middle` those between, n elements in the innermost.
template <class F, class B, class E, int R, class N, class Out, class... In>
void map(Range<B, E> rows, Sizes<R> middle, N n, Out out, In... in) {
  for (std::size_t i = rows.begin; i < rows.end; ++i) map_detail::nest<F, R>(middle.value, n, out.at(i), in.at(i)...);
}

}  // namespace inferc::cpu
