#pragma once
#include <cstddef>

#include "kernels/dim.hpp"

// What is known of a size while templates are chosen: code for what cannot be is not even instantiated.
namespace inferc::cpu {

// Whether a D can be Low to High: any run-time size can.
template <class D, std::size_t Low, std::size_t High = static_cast<std::size_t>(-1)>
inline constexpr bool may_be = !is_static<D> || (Low <= static_size<D> && static_size<D> <= High);

// d % N, a dim<> of a dim<>.
template <std::size_t N, class D>
constexpr auto modulo(D d) {
  if constexpr (is_static<D>) return dim<static_size<D> % N>{};
  else return d % N;
}

// n rounded up to panels of 16 columns, a dim<> of a dim<>.
template <class N>
constexpr auto whole_panels(N n) {
  if constexpr (is_static<N>) return dim<(static_size<N> + 15) / 16 * 16>{};
  else return (n + 15) / 16 * 16;
}

// How K terms fall into blocks of L, as far as both are known: how many whole ones, whether there is but one, whether a shorter one follows.
template <class K, class L>
struct Blocks {
  static constexpr bool known = is_static<K> && is_static<L>;
  static constexpr std::size_t length = is_static<L> ? static_size<L> : 1, whole = static_size<K> / length;
  static constexpr bool one = known && static_size<K> <= length, tail = !known || static_size<K> % length != 0;
};

}  // namespace inferc::cpu
