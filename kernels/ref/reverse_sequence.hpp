#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/fault.hpp"

namespace inferc::ref {

// The first lengths[b] steps of batch item b in reverse, the others as they are. Tensors are [time, batch, inner], or
// [batch, time, inner]. A length outside of [0, time] is a fault, found before anything is written.
template <class T>
Fault reverse_sequence(T* out, const T* in, const std::int64_t* lengths, std::size_t time, std::size_t batch, std::size_t inner, bool time_first) {
  for (std::size_t b = 0; b < batch; ++b)
    if (lengths[b] < 0 || lengths[b] > static_cast<std::int64_t>(time)) return Fault::index_out_of_range;
  const std::size_t step = time_first ? batch * inner : inner, item = time_first ? inner : time * inner;
  for (std::size_t t = 0; t < time; ++t)
    for (std::size_t b = 0; b < batch; ++b) {
      const auto length = static_cast<std::size_t>(lengths[b]);
      const std::size_t from = t < length ? length - 1 - t : t;
      for (std::size_t i = 0; i < inner; ++i) out[t * step + b * item + i] = in[from * step + b * item + i];
    }
  return Fault::none;
}

}  // namespace inferc::ref
