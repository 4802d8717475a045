#pragma once
#include <cstdint>
#include <type_traits>

#include "kernels/bits.hpp"
#include "kernels/simd.hpp"

// Conversion of element types as x86-64 compilers do it, defined for every value on every CPU: floating point truncates
// towards zero, and what does not fit (NaN too) gives the most negative integer of the 32- or 64-bit type on the way;
// narrower integers take its low bits.
namespace inferc::functors {

template <class Wide, class F>
constexpr Wide truncated(F x) {
  constexpr F limit = static_cast<F>(std::uint64_t{1} << (sizeof(Wide) * 8 - 1));
  return x >= -limit && x < limit ? static_cast<Wide>(x) : limits::lowest<Wide>;
}

template <class To>
struct cast {
  // Vectors: floats, and lane masks for bool.
  template <class From>
    requires(!std::is_arithmetic_v<From>)
  static auto apply(From x) {
    using V = FloatLike<From>;
    static_assert(std::is_same_v<To, float> || std::is_same_v<To, bool>);
    if constexpr (std::is_same_v<To, bool> && std::is_same_v<From, V>) return x != V{};
    else if constexpr (std::is_same_v<To, float> && !std::is_same_v<From, V>) return x ? splat<V>(1.0f) : V{};
    else return x;
  }
  template <class From>
    requires(std::is_arithmetic_v<From>)
  static constexpr To apply(From x) {
    static_assert(std::is_arithmetic_v<From>);
    if constexpr (std::is_same_v<To, bool>) {
      return x != From{};
    } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
      if constexpr (std::is_same_v<To, std::uint64_t>) {
        constexpr From half = static_cast<From>(std::uint64_t{1} << 63);
        if (x >= half) return static_cast<To>(truncated<std::int64_t>(x - half)) ^ (std::uint64_t{1} << 63);
        return static_cast<To>(truncated<std::int64_t>(x));
      } else if constexpr (sizeof(To) == 8 || std::is_same_v<To, std::uint32_t>) {
        return static_cast<To>(truncated<std::int64_t>(x));
      } else {
        return static_cast<To>(truncated<std::int32_t>(x));
      }
    } else {
      return static_cast<To>(x);
    }
  }
};

}  // namespace inferc::functors
