#pragma once
#include <limits>

// What <bit> and <limits> offer as functions. Theirs have external linkage: without optimisation, or where a compiler
// declines to inline, an object of one code path would carry a copy for its CPU that the linker may keep for all.
namespace inferc {

template <class To, class From>
[[gnu::always_inline]] constexpr To bit_cast(From x) {
  return __builtin_bit_cast(To, x);
}

namespace limits {
template <class T>
inline constexpr bool has_infinity = std::numeric_limits<T>::has_infinity;
template <class T>
inline constexpr T infinity = std::numeric_limits<T>::infinity();
template <class T>
inline constexpr T lowest = std::numeric_limits<T>::lowest();
template <class T>
inline constexpr T highest = std::numeric_limits<T>::max();
}  // namespace limits

}  // namespace inferc
