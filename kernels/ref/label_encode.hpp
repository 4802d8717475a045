#pragma once
#include <cstddef>

namespace inferc::ref {

// The place of x among `count` ascending keys without equal ones, which may end with NaN; `count` where it is none of them.
template <class K>
std::size_t key_place(K x, const K* keys, std::size_t count) {
  const std::size_t numbers = count > 0 && keys[count - 1] != keys[count - 1] ? count - 1 : count;
  if (x != x) return numbers;
  std::size_t low = 0;
  for (std::size_t high = numbers; low < high;) {
    const std::size_t middle = low + (high - low) / 2;
    if (keys[middle] < x) low = middle + 1;
    else high = middle;
  }
  return low < numbers && keys[low] == x ? low : count;
}

// y = the value of the key that x is; what is no key has the value behind those of the keys.
template <class K, class V>
void label_encode(V* y, const K* x, const K* keys, const V* values, std::size_t n, std::size_t count) {
  for (std::size_t i = 0; i < n; ++i) y[i] = values[key_place(x[i], keys, count)];
}

}  // namespace inferc::ref
