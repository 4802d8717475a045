#pragma once
#include "kernels/view.hpp"

namespace inferc::ref {

// The upper (columns from row + k on) or lower (up to row + k) triangle of the last two dims, zero elsewhere.
template <class T, int R>
void trilu(View<T, R> out, View<const T, R> in, const std::int64_t* k, bool upper) {
  for_each_index<R>(out.shape, [&](const auto& i) {
    const auto row = static_cast<std::int64_t>(i[R - 2]), column = static_cast<std::int64_t>(i[R - 1]);
    const std::int64_t diagonal = column - row;
    at(out, i) = (upper ? diagonal >= *k : diagonal <= *k) ? at(in, i) : T{};
  });
}

}  // namespace inferc::ref
