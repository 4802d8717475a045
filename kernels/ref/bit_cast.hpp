#pragma once
#include <cstddef>
#include <type_traits>

#include "kernels/bits.hpp"

namespace inferc::ref {

// The bits of each element as another type of the same width; a bool is 0 or 1.
template <class To, class From>
void bit_cast(To* out, const From* in, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i)
    if constexpr (std::is_same_v<To, bool>) out[i] = in[i] != From{};
    else out[i] = inferc::bit_cast<To>(in[i]);
}

}  // namespace inferc::ref
