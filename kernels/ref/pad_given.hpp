#pragma once
#include "kernels/ref/pad.hpp"
#include "kernels/ref/shape_operand.hpp"

namespace inferc::ref {

// Pad with pads and axes that are read at run time: first all at the beginnings, then all at the ends. Where they do not give the
// shape of `out`, or the mode does not allow them, it is a fault and nothing is written. `rank`: without dims put in front.
template <class T, class A, int R>
Fault pad_given(View<T, R> out, View<const T, R> in, const T* value, const std::int64_t* pads, const A* axes, std::size_t count, std::size_t rank,
                std::int64_t mode) {
  Sizes<8> from{}, to{}, before{};
  const std::size_t added = static_cast<std::size_t>(R) - rank;
  for (std::size_t d = 0; d < rank; ++d) {
    from.value[d] = static_cast<std::int64_t>(in.shape[added + d]);
    to.value[d] = static_cast<std::int64_t>(out.shape[added + d]);
  }
  if (const Fault f = pad_fits(pads, axes, count, from, rank, to, mode); f != Fault::none) return f;
  for (std::size_t k = 0; k < count; ++k) before.value[8 - rank + axis_in(static_cast<std::int64_t>(axes[k]), rank)] = pads[k];
  pad(out, in, value, before, mode);
  return Fault::none;
}

}  // namespace inferc::ref
