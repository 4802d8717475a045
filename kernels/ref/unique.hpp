#pragma once
#include <cstddef>
#include <cstdint>

namespace inferc::ref {
namespace unique_detail {

// Slices along the axis of [outer, axis, inner].
template <class T>
struct Slices {
  const T* in;
  std::size_t outer, axis, inner;
  // By the first element that differs; NaN is the largest and equals itself.
  constexpr int compare(std::size_t a, std::size_t b) const {
    for (std::size_t o = 0; o < outer; ++o)
      for (std::size_t i = 0; i < inner; ++i) {
        const T x = in[(o * axis + a) * inner + i], y = in[(o * axis + b) * inner + i];
        if (x < y || (x == x && y != y)) return -1;
        if (y < x || (y == y && x != x)) return 1;
      }
    return 0;
  }
};

// Merges the sorted runs [begin, middle) and [middle, end) of `from` into `to`; of equal slices the left comes first.
template <class T>
void merge(std::int64_t* to, const std::int64_t* from, std::size_t begin, std::size_t middle, std::size_t end, const Slices<T>& x) {
  std::size_t a = begin, b = middle;
  for (std::size_t k = begin; k < end; ++k) {
    const bool left = b == end || (a < middle && x.compare(static_cast<std::size_t>(from[a]), static_cast<std::size_t>(from[b])) <= 0);
    to[k] = left ? from[a++] : from[b++];
  }
}

}  // namespace unique_detail

// The number of different slices along the axis of [outer, axis, inner]. rank[k]: which of them slice k is, counted in
// ascending order (`sorted`) or by first appearance. order: 2 * axis elements of scratch.
template <class T>
std::size_t unique_ranks(std::int64_t* rank, std::int64_t* order, const T* in, std::size_t outer, std::size_t axis, std::size_t inner, bool sorted) {
  const unique_detail::Slices<T> x{in, outer, axis, inner};
  std::int64_t *from = order, *to = order + axis;
  for (std::size_t k = 0; k < axis; ++k) from[k] = static_cast<std::int64_t>(k);
  for (std::size_t run = 1; run < axis; run *= 2) {
    for (std::size_t begin = 0; begin < axis; begin += 2 * run) {
      const std::size_t middle = begin + run < axis ? begin + run : axis, end = begin + 2 * run < axis ? begin + 2 * run : axis;
      unique_detail::merge(to, from, begin, middle, end, x);
    }
    std::int64_t* const sorted_runs = to;
    to = from;
    from = sorted_runs;
  }
  std::size_t count = 0;
  for (std::size_t k = 0; k < axis; ++k) {
    const bool fresh = k == 0 || x.compare(static_cast<std::size_t>(from[k - 1]), static_cast<std::size_t>(from[k])) != 0;
    count += fresh ? 1 : 0;
    rank[from[k]] = static_cast<std::int64_t>(count - 1);
  }
  if (sorted) return count;
  for (std::size_t u = 0; u < count; ++u) to[u] = -1;
  std::int64_t seen = 0;
  for (std::size_t k = 0; k < axis; ++k) {
    std::int64_t& renamed = to[rank[k]];
    if (renamed < 0) renamed = seen++;
    rank[k] = renamed;
  }
  return count;
}

// The first slice of each rank.
template <class T>
void unique_slices(T* out, const T* in, const std::int64_t* rank, std::size_t outer, std::size_t axis, std::size_t inner, std::size_t count) {
  for (std::size_t k = axis; k-- > 0;)
    for (std::size_t o = 0; o < outer; ++o)
      for (std::size_t i = 0; i < inner; ++i) out[(o * count + static_cast<std::size_t>(rank[k])) * inner + i] = in[(o * axis + k) * inner + i];
}

inline void unique_first(std::int64_t* out, const std::int64_t* rank, std::size_t axis) {
  for (std::size_t k = axis; k-- > 0;) out[rank[k]] = static_cast<std::int64_t>(k);
}

inline void unique_counts(std::int64_t* out, const std::int64_t* rank, std::size_t axis, std::size_t count) {
  for (std::size_t u = 0; u < count; ++u) out[u] = 0;
  for (std::size_t k = 0; k < axis; ++k) ++out[rank[k]];
}

}  // namespace inferc::ref
