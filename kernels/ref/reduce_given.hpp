#pragma once
#include "kernels/ref/reduce.hpp"
#include "kernels/ref/shape_operand.hpp"

namespace inferc::ref {

struct log_sum_exp {};  // of reduce_given: reduce_log_sum_exp

// A reduction along axes that are read at run time into the dense `out` of shape `to`; no axes: all, or none if `noop`. Where
// they do not give that shape, it is a fault and nothing is written. `rank`: without dims put in front.
template <class Op, class T, int R>
Fault reduce_given(T* out, View<const T, R> in, const std::int64_t* axes, std::size_t count, std::size_t rank, Sizes<8> to, std::size_t to_rank, bool keep,
                   bool noop) {
  Sizes<8> from{};
  const std::size_t added = static_cast<std::size_t>(R) - rank;
  for (std::size_t d = 0; d < rank; ++d) from.value[d] = static_cast<std::int64_t>(in.shape[added + d]);
  if (const Fault f = reduce_fits(axes, count, from, rank, to, to_rank, keep, noop); f != Fault::none) return f;
  bool gone[8];
  reduced_axes(axes, count, rank, noop, gone);
  View<T, R> result{out, {}, {}};
  std::ptrdiff_t stride = 1;
  for (std::size_t d = static_cast<std::size_t>(R); d-- > 0;) {
    result.shape[d] = d >= added && gone[d - added] ? 1 : in.shape[d];
    result.stride[d] = stride;
    stride *= static_cast<std::ptrdiff_t>(result.shape[d]);
  }
  if constexpr (std::is_same_v<Op, log_sum_exp>) reduce_log_sum_exp(result, in);
  else reduce<Op>(result, in);
  return Fault::none;
}

}  // namespace inferc::ref
