#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>

#include "kernels/cpu/quantized/linear.hpp"
#include "kernels/cpu/quantized/windows.hpp"

// Products whose weights are mostly zeros.
namespace inferc::cpu::quantized {

#if defined(__AVX512VBMI__) && defined(__AVX512VNNI__)
namespace leaf {
[[gnu::always_inline]] inline I32<16> pick_bytes(I32<16> table, I32<16> index) {
  I32<16> out;
  __asm__("vpermb %1, %2, %0" : "=v"(out) : "v"(table), "v"(index));
  return out;
}
[[gnu::always_inline]] inline I32<16> dot_line(I32<16> c, I32<16> x, const std::int8_t* w) {
  __asm__("vpdpbusd %1, %2, %0" : "+v"(c) : "m"(*reinterpret_cast<const char(*)[64]>(w)), "v"(x));
  return c;
}
// The first n bytes, zeros behind.
[[gnu::always_inline]] inline I32<16> first_bytes(const void* p, std::size_t n) {
  if (n >= 64) return load_lanes<I32<16>>(p);
  I32<16> out;
  __asm__("vmovdqu8 (%1), %0%{%2%}%{z%}" : "=v"(out) : "r"(p), "Yk"((1ull << n) - 1) : "memory");
  return out;
}
}  // namespace leaf

// The 64 inputs from `first` on, as unsigned bytes.
template <class X, class K>
[[gnu::always_inline]] inline I32<16> window(const X* x, std::size_t first, K k) {
  I32<16> v;
  if constexpr (is_static<K> && static_size<K> >= window_size) v = load_lanes<I32<16>>(x + first);
  else v = leaf::first_bytes(x + first, k - first);
  return std::is_signed_v<X> ? v ^ splat_int<Vec>(static_cast<std::int32_t>(0x80808080u)) : v;
}

// One row of y[N] = Out(S(x[K] * w[K, N])).
template <class Problem>
struct SparseRow {
  const Problem& problem;
  const std::uint16_t* plan;
  const std::int8_t* steps;

  // Every second step has sums of its own, so as not to wait for the one before.
  template <std::size_t... P>
  [[gnu::always_inline]] void sums(I32<16> (&sum)[sizeof...(P)], std::size_t row, std::index_sequence<P...>) {
    constexpr std::size_t n = sizeof...(P);
    const auto* const x = problem.x + row * problem.ldx;
    const auto step = [&](I32<16>(&to)[n], std::size_t s) __attribute__((always_inline)) {
      const I32<16> inputs = window(x, plan[s], problem.k);
      const std::int8_t* const own = steps + s * n * step_size;
      ((to[P] = leaf::dot_line(to[P], leaf::pick_bytes(inputs, load_lanes<I32<16>>(own + P * step_size)), own + P * step_size + window_size)), ...);
    };
    I32<16> other[n];
    ((sum[P] = other[P] = I32<16>{}), ...);
    const std::size_t count = *plan++;
    std::size_t s = 0;
    for (; s + 2 <= count; s += 2) step(sum, s), step(other, s + 1);
    for (; s < count; ++s) step(sum, s);
    ((sum[P] = sum[P] + other[P]), ...);
    plan += count, steps += count * n * step_size;
  }
  template <std::size_t P>
  [[gnu::always_inline]] void panels(std::size_t row, std::size_t col) {
    I32<16> sum[P];
    sums(sum, row, std::make_index_sequence<P>{});
    if (col + P * 16 <= problem.n) problem.template store<1, P>(sum, row, col, std::make_index_sequence<P>{});
    else problem.template store_loop<1, P>(sum, row, col, problem.n - col);
  }
  [[gnu::always_inline]] void run(std::size_t row) {
    std::size_t col = 0;
    for (; col + 112 < problem.n; col += 128) panels<8>(row, col);
    if (col + 48 < problem.n) panels<4>(row, col), col += 64;
    if (col + 16 < problem.n) panels<2>(row, col), col += 32;
    if (col < problem.n) panels<1>(row, col);
  }
};
#endif

// linear() for weights that are given in both forms, `plan` and `steps` as pack_windows() makes them. A few rows take the one without zeros
// where the path has its instructions.
template <class Kind, class S, class Out, class B, class E, class LDY, class X, class LDX, class N, class K>
inline void sparse_linear(Range<B, E> rows, typename Out::type* y, LDY ldy, const X* x, LDX ldx, const std::int8_t* w, const std::int32_t* table, N n, K k,
                          [[maybe_unused]] const std::uint16_t* plan, [[maybe_unused]] const std::int8_t* steps) {
#if defined(__AVX512VBMI__) && defined(__AVX512VNNI__)
  if (rows.end - rows.begin < tile_rows) {
    using Problem = IntegerProblem<Kind, S, Out, X, LDY, LDX, N, K>;
    const Problem problem{y, ldy, x, ldx, w, {table, (n + 15) / 16 * 16}, n, k};
    for (std::size_t r = rows.begin; r < rows.end; ++r) SparseRow<Problem>{problem, plan, steps}.run(r);
    return;
  }
#endif
  linear<Kind, S, Out>(rows, y, ldy, x, ldx, w, table, n, k);
}

}  // namespace inferc::cpu::quantized
