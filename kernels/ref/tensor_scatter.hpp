#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/fault.hpp"
#include "kernels/ref/constantly.hpp"

namespace inferc::ref {

// A cache [batch, outer, cache, inner] with `steps` entries of each batch item replaced from first[item] on; a circular one goes
// on at its begin. Entries outside of the cache, or a negative first one, are a fault, found before anything is written.
template <class T, class First>
Fault tensor_scatter(T* out, const T* past, const T* update, First first, std::size_t batch, std::size_t outer, std::size_t cache, std::size_t steps,
                     std::size_t inner, bool circular) {
  const auto begin = [&](std::size_t b) { return static_cast<std::int64_t>(first[b]); };
  for (std::size_t b = 0; b < batch; ++b)
    if (begin(b) < 0 || (!circular && begin(b) > static_cast<std::int64_t>(cache - steps))) return Fault::index_out_of_range;
  for (std::size_t i = 0; i < batch * outer * cache * inner; ++i) out[i] = past[i];
  for (std::size_t r = 0; r < batch * outer; ++r)
    for (std::size_t s = 0; s < steps; ++s) {
      const std::size_t at = (static_cast<std::size_t>(begin(r / outer)) % cache + s) % cache;
      for (std::size_t i = 0; i < inner; ++i) out[(r * cache + at) * inner + i] = update[(r * steps + s) * inner + i];
    }
  return Fault::none;
}

}  // namespace inferc::ref
