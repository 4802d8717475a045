#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/fault.hpp"
#include "kernels/functors.hpp"
#include "kernels/view.hpp"

namespace inferc::ref {

// F over the axis up to each element (exclusive: without it), from the front or in reverse, in order; of nothing: neutral.
template <class F, class T>
void cumulative(T* out, const T* in, std::size_t outer, std::size_t axis, std::size_t inner, std::int64_t neutral, bool exclusive, bool reverse) {
  for (std::size_t o = 0; o < outer; ++o)
    for (std::size_t i = 0; i < inner; ++i) {
      T total = static_cast<T>(neutral);
      for (std::size_t k = 0; k < axis; ++k) {
        const std::size_t at = (o * axis + (reverse ? axis - 1 - k : k)) * inner + i;
        const T before = total;
        total = F::apply(total, in[at]);
        out[at] = exclusive ? before : total;
      }
    }
}

// The same along an axis known at run time; one outside of [-rank, rank) is a fault, found before anything is written.
template <class F, class T, class I, int R>
Fault cumulative_along(View<T, R> out, View<const T, R> in, const I* axis, std::size_t rank, std::int64_t neutral, bool exclusive, bool reverse) {
  const auto last = static_cast<std::int64_t>(rank), given = static_cast<std::int64_t>(*axis);
  if (given < -last || given >= last) return Fault::index_out_of_range;
  const auto d = static_cast<std::size_t>(R + (given < 0 ? given : given - last));
  std::size_t lines[R];
  for (std::size_t r = 0; r < static_cast<std::size_t>(R); ++r) lines[r] = r == d ? 1 : out.shape[r];
  for_each_index<R>(lines, [&](const std::size_t(&line)[R]) {
    std::size_t i[R];
    for (std::size_t r = 0; r < static_cast<std::size_t>(R); ++r) i[r] = line[r];
    T total = static_cast<T>(neutral);
    for (std::size_t k = 0; k < out.shape[d]; ++k) {
      i[d] = reverse ? out.shape[d] - 1 - k : k;
      const T before = total;
      total = F::apply(total, at(in, i));
      at(out, i) = exclusive ? before : total;
    }
  });
  return Fault::none;
}

}  // namespace inferc::ref
