#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>

#include "kernels/cpu/gemm.hpp"
#include "kernels/cpu/sparse/pack.hpp"
#include "kernels/cpu/transpose.hpp"

// Products in float32 whose weights are mostly zeros, by many rows at once: a lane is a row.
//
// They give the bits of gemm(). A term with weight 0 adds +-0 to a sum that starts at +0, which changes it only if the term is NaN (an
// infinite or NaN input), or if the sum is -0. A sum of floats is never -0 but by underflow, so not where each product is a multiple of
// 2^-149. Inputs that are 0, or finite and at least `least`, make sure of both; rows with others go through gemm().
namespace inferc::cpu::sparse {

// Vectors of rows: all inputs of so many rows should stay in the first cache.
template <class K>
inline constexpr int row_vectors = is_static<K> && static_size<K> * 4 * lanes * sizeof(float) <= 32768 ? 4 : 2;
// Whether each element of `rows` x k is 0, or finite and at least `least` in magnitude (its bits).
template <class LDA>
inline bool are_ordinary(const float* a, LDA lda, std::size_t rows, std::size_t k, std::uint32_t least) {
  using U = typename VectorOf<std::uint32_t, lanes>::type;
  U low = U{} - 1u, high{};
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t i = 0; i < k; i += lanes) {
      const float* const from = a + r * lda + i;
      const U bits = bit_cast<U>(k - i < lanes ? load_first<Vec>(from, k - i) : load<Vec>(from)) & 0x7fffffffu;
      low = bits - 1u < low ? bits - 1u : low;
      high = bits > high ? bits : high;
    }
  std::uint32_t smallest = low[0], largest = high[0];
  for (int i = 1; i < lanes; ++i) smallest = low[i] < smallest ? low[i] : smallest, largest = high[i] > largest ? high[i] : largest;
  return smallest >= least - 1u && largest < 0x7f800000u;
}

// Each run's sum for NV vectors of rows, to[run][rows] from x[K][rows].
template <int NV, std::size_t... Q>
[[gnu::always_inline]] inline void sum_runs(float* to, const float* x, const std::uint16_t*& plan, const float*& values, std::index_sequence<Q...>) {
  constexpr std::size_t rows = NV * lanes;
  for (std::size_t groups = *plan++; groups > 0; --groups) {
    const std::size_t length = *plan++;
    for (std::size_t runs = *plan++; runs > 0; --runs, plan += length, values += length) {
      float* const own = to + *plan++ * rows;
      Vec sum[NV] = {(static_cast<void>(Q), Vec{})...};
      for (std::size_t j = 0; j < length; ++j) {
        const Vec w = splat<Vec>(values[j]);
        const float* const from = x + plan[j] * rows;
        ((sum[Q] = fma(load<Vec>(from + Q * lanes), w, sum[Q])), ...);
      }
      (store(own + Q * lanes, sum[Q]), ...);
    }
  }
}

constexpr std::make_index_sequence<panel / lanes> each_vector{};
template <class Epi, std::size_t... Q>
[[gnu::always_inline]] inline void finish_row(const float* sums, std::size_t row, std::size_t col, std::size_t width, float* c, const Epi& epilogue,
                                              std::index_sequence<Q...>) {
  const Vec v[] = {load<Vec>(sums + Q * lanes)...};
  finish<Vec, 1, sizeof...(Q)>(v, c, dim<0>{}, row, col, width, epilogue);
}

// A block of NV * lanes rows from `row` on. scratch: x transposed, a panel of results as rows, the runs of a panel, of which the first 16
// become its results as columns.
template <int NV, class LDC, class LDA, class N, class K, class Epi>
inline void block(std::size_t row, float* c, LDC ldc, const float* a, LDA lda, N n, K k, const std::uint16_t* plan, const float* values, float* scratch,
                  const Epi& epilogue) {
  constexpr std::size_t rows = NV * lanes;
  float *const results = scratch + k * rows, *const runs = results + panel * rows;
  transpose(scratch, rows, a + row * lda, lda, rows, k);
  for (std::size_t col = 0; col < n; col += panel) {
    const std::size_t width = n - col < panel ? n - col : panel;
    sum_runs<NV>(runs, scratch, plan, values, std::make_index_sequence<NV>{});
    for (std::size_t more = 1; more < blocks_of(k, terms_of(n)); ++more)
      for (std::size_t i = 0; i < width * rows; i += lanes) store(runs + i, load<Vec>(runs + i) + load<Vec>(runs + more * panel * rows + i));
    transpose(results, panel, runs, rows, panel, rows);
    for (std::size_t r = 0; r < rows; ++r) finish_row(results + r * panel, row + r, col, width, c + (row + r) * ldc + col, epilogue, each_vector);
  }
}

// gemm() for weights that are given in both forms, packed in panels and without zeros (pack.hpp). Before the weights `values` has the
// magnitude from which on an input times any of them is a multiple of 2^-149.
template <class B, class E, class LDC, class LDA, class N, class K, class Epi>
inline void gemm(Range<B, E> rows, float* c, LDC ldc, const float* a, LDA lda, const float* b, const std::uint16_t* plan, const float* values, float* scratch,
                 N n, K k, Epi epilogue) {
  constexpr int NV = row_vectors<K>;
  const auto least = bit_cast<std::uint32_t>(values[0]);
  std::size_t row = rows.begin;
  for (; row + NV * lanes <= rows.end; row += NV * lanes) {
    if (are_ordinary(a + row * lda, lda, NV * lanes, k, least)) block<NV>(row, c, ldc, a, lda, n, k, plan, values + 1, scratch, epilogue);
    else cpu::gemm(Range{row, row + NV * lanes}, c, ldc, a, lda, b, n, k, epilogue);
  }
  if (row < rows.end) cpu::gemm(Range{row, static_cast<std::size_t>(rows.end)}, c, ldc, a, lda, b, n, k, epilogue);
}

}  // namespace inferc::cpu::sparse
