#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/cpu/access.hpp"
#include "kernels/cpu/product.hpp"
#include "kernels/cpu/softmax_rows.hpp"
#include "kernels/cpu/tile.hpp"
#include "kernels/cpu/transpose.hpp"
#include "kernels/dim.hpp"
#include "kernels/view.hpp"

// softmax(q k^T * scale + mask) v without the scores in memory, the same bits as the parts one after the other.
namespace inferc::cpu {

inline constexpr std::size_t attention_rows = 24;  // queries whose scores are in scratch: whole tiles on every path

// Scratch in elements: the panels of k^T of one head and the scores of a block of queries.
constexpr std::size_t attention_scratch(std::size_t keys, std::size_t size) { return (keys + 15) / 16 * 16 * (size + attention_rows); }

struct NoMask {
  template <class V, class Count>
  [[gnu::always_inline]] V add(V score, std::size_t, std::size_t, Count) const {
    return score;
  }
  [[gnu::always_inline]] NoMask at(std::size_t, std::size_t) const { return {}; }
};
// Strides over batch, heads and queries, 0 where the mask broadcasts; keys are contiguous.
struct Mask {
  const float* data;
  std::ptrdiff_t batch, head, query;
  template <class V, class Count>
  [[gnu::always_inline]] V add(V score, std::size_t row, std::size_t col, Count n) const {
    return score + load_valid<V>(data + static_cast<std::ptrdiff_t>(row) * query + col, n);
  }
  [[gnu::always_inline]] Mask at(std::size_t b, std::size_t h) const {
    return {data + static_cast<std::ptrdiff_t>(b) * batch + static_cast<std::ptrdiff_t>(h) * head, batch, head, query};
  }
};

namespace attention_detail {

// Rows are whole panels, so that vectors which the softmax reads are stored as such: -inf behind the last key.
template <class M>
struct Scores {
  float scale;
  M mask;
  std::size_t keys;
  template <class V, class Count>
  [[gnu::always_inline]] V operator()(V acc, std::size_t row, std::size_t col, Count n) const {
    const V score = acc * splat<V>(scale);
    if (col + lane_count<V> <= keys) return mask.add(score, row, col, n);
    const std::size_t left = keys < col ? 0 : keys - col;
    const V last = left == 0 ? score : mask.add(score, row, col, left);
    return lanes_below<V>(left) ? last : splat<V>(-__builtin_inff());
  }
};

template <class LQ, class LV, class LO, class Keys, class D, class DV>
struct Head {
  float* out;
  LO out_row;
  const float* q;
  LQ q_row;
  const float* v;
  LV v_row;
  const float* k_panels;
  float* scores;
  Keys keys;
  D size;
  DV v_size;

  // One block of queries: their scores, the softmax of each, its product with v.
  template <class M>
  [[gnu::always_inline]] void block(std::size_t begin, std::size_t end, const Scores<M>& epilogue, bool nan_to_zero) const {
    using namespace product_detail;
    const auto padded = whole_panels(keys);
    const std::size_t stride = padded;
    const Range<std::size_t, std::size_t> rows{0, end - begin};
    using LK = decltype(terms_of(keys));
    using Padded = std::remove_const_t<decltype(padded)>;
    run<tile_rows, tile_panels>(rows, Problem<std::size_t, StridedLeft<LQ>, PackedRight<D>, Padded, D, LK, Scores<M>>{
                                          scores, stride, {q + begin * q_row, q_row}, {k_panels, size}, padded, size, terms_of(keys), epilogue, begin});
    softmax_rows<attention_rows>(scores, end - begin, stride, nan_to_zero);
    using LDV = decltype(terms_of(v_size));
    run<tile_rows, tile_panels>(rows, Problem<LO, StridedLeft<std::size_t>, DenseRight<LV>, DV, Keys, LDV, NoEpilogue>{
                                          out + begin * out_row, out_row, {scores, stride}, {v, v_row}, v_size, keys, terms_of(v_size), {}});
  }
};

}  // namespace attention_detail

// Units `units` of batch * heads. Row strides and sizes are dim<> or std::size_t; `strides`: batch and head strides of out,
// q, k and v. `nan_to_zero`: rows that are masked as a whole become 0.
template <class B, class E, class LO, class LQ, class LK, class LV, class Queries, class Keys, class D, class DV, class M>
inline void attention(Range<B, E> units, float* out, LO out_row, const float* q, LQ q_row, const float* k, LK k_row, const float* v, LV v_row, M mask,
                      float* scratch, std::size_t heads, Queries queries, Keys keys, D size, DV v_size, float scale, Sizes<8> strides, bool nan_to_zero) {
  const auto head_of = [&](auto* data, int i, std::size_t b, std::size_t h) {
    return data + static_cast<std::ptrdiff_t>(b) * static_cast<std::ptrdiff_t>(strides.value[i]) +
           static_cast<std::ptrdiff_t>(h) * static_cast<std::ptrdiff_t>(strides.value[i + 1]);
  };
  float* const scores = scratch + (keys + 15) / 16 * 16 * size;
  for (std::size_t u = units.begin; u < units.end; ++u) {
    const std::size_t b = u / heads, h = u % heads;
    pack_transposed(scratch, head_of(k, 4, b, h), k_row, size, keys);
    const attention_detail::Head<LQ, LV, LO, Keys, D, DV> head{
        head_of(out, 0, b, h), out_row, head_of(q, 2, b, h), q_row, head_of(v, 6, b, h), v_row, scratch, scores, keys, size, v_size};
    const attention_detail::Scores<M> epilogue{scale, mask.at(b, h), keys};
    for (std::size_t row = 0; row < queries; row += attention_rows)
      head.block(row, queries - row < attention_rows ? std::size_t{queries} : row + attention_rows, epilogue, nan_to_zero);
  }
}

// With a mask that is added to the scores; `mask_strides`: over batch, heads and queries (0 broadcasts).
template <class B, class E, class LO, class LQ, class LK, class LV, class Queries, class Keys, class D, class DV>
inline void attention_masked(Range<B, E> units, float* out, LO out_row, const float* q, LQ q_row, const float* k, LK k_row, const float* v, LV v_row,
                             const float* mask, float* scratch, std::size_t heads, Queries queries, Keys keys, D size, DV v_size, float scale, Sizes<8> strides,
                             Sizes<3> mask_strides, bool nan_to_zero) {
  const auto stride = [&](int i) { return static_cast<std::ptrdiff_t>(mask_strides.value[i]); };
  attention(units, out, out_row, q, q_row, k, k_row, v, v_row, Mask{mask, stride(0), stride(1), stride(2)}, scratch, heads, queries, keys, size, v_size, scale,
            strides, nan_to_zero);
}

}  // namespace inferc::cpu
