#pragma once
#include <cstddef>
#include <cstdint>

namespace inferc::ref {

// A matrix of zeros with ones on diagonal k: out[r, r + k] = 1.
template <class T>
void eye_like(T* out, std::size_t rows, std::size_t columns, std::int64_t k) {
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns; ++c) out[r * columns + c] = static_cast<T>(static_cast<std::int64_t>(c) - static_cast<std::int64_t>(r) == k);
}

}  // namespace inferc::ref
