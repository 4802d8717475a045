#pragma once
#include <cstddef>

#include "kernels/cast.hpp"

namespace inferc::ref {

// out[o, d, i] = values[1] where d is indices[o, i], else values[0]; negative indices count from the end, indices out
// of range give no 1 (ONNX OneHot 11).
template <class T, class I>
void one_hot(T* out, const I* indices, const T* values, std::size_t outer, std::size_t depth, std::size_t inner) {
  const auto n = static_cast<std::int64_t>(depth);
  for (std::size_t o = 0; o < outer; ++o)
    for (std::size_t i = 0; i < inner; ++i) {
      const auto given = functors::cast<std::int64_t>::apply(indices[o * inner + i]);
      const std::int64_t hot = given < 0 && given >= -n ? given + n : given;
      for (std::size_t d = 0; d < depth; ++d) out[(o * depth + d) * inner + i] = values[static_cast<std::int64_t>(d) == hot ? 1 : 0];
    }
}

}  // namespace inferc::ref
