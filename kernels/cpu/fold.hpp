#pragma once
#include <cstddef>
#include <type_traits>
#include <utility>

#include "kernels/cpu/access.hpp"
#include "kernels/functors.hpp"
#include "kernels/ref/fold.hpp"
#include "kernels/simd.hpp"

// Folds of float elements along an axis in the order of kernels/ref/sum.hpp: lanes j mod 16, blocks of 1,024 elements,
// block totals pairwise. `Op` is a functor of two arguments.
namespace inferc::cpu {

// Lanes from n on replaced by `rest`.
[[gnu::always_inline]] inline F32x16 keep_first(F32x16 v, std::size_t n, float rest) {
  for (std::size_t i = 0; i < F32x16::parts; ++i) {
    const std::size_t begin = i * lanes;
    const IntOf<Vec> kept = lanes_below<Vec>(n > begin ? n - begin : 0);
    v.part[i] = kept ? v.part[i] : splat<Vec>(rest);
  }
  return v;
}
[[gnu::always_inline]] inline F32x16 keep_first(F32x16 v, Whole, float) { return v; }

template <class Op>
struct Join {
  template <class V>
  [[gnu::always_inline]] V operator()(V a, V b) const {
    return Op::apply(a, b);
  }
};

// F of both, lane by lane.
template <class F>
[[gnu::always_inline]] inline F32x16 zip(const F32x16& a, const F32x16& b) {
  return F32x16::zip(a, b, Join<F>{});
}

// 16 elements of a row from j on, all or the first n of them.
[[gnu::always_inline]] inline F32x16 load16(const float* p, Whole) { return F32x16::load(p); }
[[gnu::always_inline]] inline F32x16 load16(const float* p, std::size_t n) { return F32x16::load_first(p, n, *p); }
[[gnu::always_inline]] inline void store16(float* p, const F32x16& v, Whole) { v.store(p); }
[[gnu::always_inline]] inline void store16(float* p, const F32x16& v, std::size_t n) {
  for (std::size_t i = 0; i < F32x16::parts; ++i) {
    if (n >= (i + 1) * lanes) store(p + i * lanes, v.part[i]);
    else if (n > i * lanes) store_first(p + i * lanes, v.part[i], n - i * lanes);
  }
}

// prologue(x, row, col) on 16 elements.
template <class Prologue, class Count>
[[gnu::always_inline]] inline F32x16 prepared(F32x16 x, const Prologue& prologue, std::size_t row, std::size_t col, Count n) {
  for (std::size_t i = 0; i < F32x16::parts; ++i) {
    if constexpr (std::is_same_v<Count, Whole>) x.part[i] = prologue(x.part[i], row, col + i * lanes, n);
    else if (n >= (i + 1) * lanes) x.part[i] = prologue(x.part[i], row, col + i * lanes, Whole{});
    else if (n > i * lanes) x.part[i] = prologue(x.part[i], row, col + i * lanes, n - i * lanes);
  }
  return x;
}

// f(j, count) for each 16 elements of a row; count is Whole, or what is left in the last.
template <class N, class F>
[[gnu::always_inline]] inline void for_each_16(std::size_t begin, N end, F f) {
  std::size_t j = begin;
  for (; j + 16 <= end; j += 16) f(j, Whole{});
  if (j < end) f(j, end - j);
}

// One block of a row; get(j, count) gives 16 elements (lanes beyond the valid ones are ignored).
template <class Op, class N, class Get>
[[gnu::always_inline]] inline float fold_block(std::size_t begin, N end, float neutral, Get get) {
  F32x16 total = F32x16::splat(neutral);
  for_each_16(begin, end, [&](std::size_t j, auto n) { total = zip<Op>(total, keep_first(get(j, n), n, neutral)); });
  return total.fold(Join<Op>{});
}

// The fold of a row of n elements.
template <class Op, class N, class Get>
[[gnu::always_inline]] inline float fold_row(N n, float neutral, Get get) {
  if (n <= ref::sum_block) return fold_block<Op>(0, n, neutral, get);
  ref::PairwiseTotals<Op, float> totals;
  for (std::size_t at = 0; at < n; at += ref::sum_block)
    totals.add(fold_block<Op>(at, n - at < ref::sum_block ? std::size_t{n} : at + ref::sum_block, neutral, get));
  return totals.total(neutral);
}

namespace fold_detail {

template <class Op, class V, std::size_t... I>
[[gnu::always_inline]] inline V join(const V* v, std::index_sequence<I...>) {
  if constexpr (sizeof...(I) == 0) {
    return v[0];
  } else {
    const V half[] = {Op::apply(v[I], v[I + sizeof...(I)])...};
    return join<Op, V>(half, std::make_index_sequence<sizeof...(I) / 2>{});
  }
}

// Not inlined: a block is long enough, and the unrolled lanes are much code.
template <class Op, class V, class Get, std::size_t... I>
[[gnu::noinline]] V column_block(std::size_t begin, std::size_t end, float neutral, Get get, std::index_sequence<I...>) {
  V lane[] = {(static_cast<void>(I), splat<V>(neutral))...};
  std::size_t j = begin;
  for (; j + 16 <= end; j += 16) ((lane[I] = Op::apply(lane[I], get(j + I))), ...);
  const std::size_t rest = end - j;
  ((I < rest ? void(lane[I] = Op::apply(lane[I], get(j + I))) : void()), ...);
  return join<Op, V>(lane, std::make_index_sequence<8>{});
}

}  // namespace fold_detail

// The folds of neighbouring columns of n elements, one column a lane; get(j) gives their elements j.
template <class Op, class V, class Get>
[[gnu::always_inline]] inline V fold_columns(std::size_t n, float neutral, Get get) {
  constexpr std::make_index_sequence<16> all;
  if (n <= ref::sum_block) return fold_detail::column_block<Op, V>(0, n, neutral, get, all);
  ref::PairwiseTotals<Op, V> totals;
  for (std::size_t at = 0; at < n; at += ref::sum_block)
    totals.add(fold_detail::column_block<Op, V>(at, n - at < ref::sum_block ? n : at + ref::sum_block, neutral, get, all));
  return totals.total(splat<V>(neutral));
}

// f(col, count) for the vectors of `inner` columns.
template <class F>
[[gnu::always_inline]] inline void for_each_column(std::size_t inner, F f) {
  std::size_t i = 0;
  for (; i + lanes <= inner; i += lanes) f(i, Whole{});
  if (i < inner) f(i, inner - i);
}

}  // namespace inferc::cpu
