#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>

#include "kernels/cpu/quantized/linear.hpp"
#include "kernels/cpu/quantized/steps_of_blocks.hpp"

// Products whose weights are mostly zeros.
namespace inferc::cpu::quantized {

#if defined(__AVX512VBMI__) && defined(__AVX512VNNI__)
namespace leaf {
[[gnu::always_inline]] inline I32<16> pick_bytes(I32<16> table, I32<16> index) {
  I32<16> out;
  __asm__("vpermb %1, %2, %0" : "=v"(out) : "v"(table), "v"(index));
  return out;
}
}  // namespace leaf

// The steps of one block: pairs of them in two sums, so that they do not wait for each other.
[[gnu::always_inline]] inline const std::int8_t* add_steps(I32<16>& sum, I32<16>& other, I32<16> input, std::size_t count, const std::int8_t* steps) {
  using V = I32<16>;
  for (; count >= 2; count -= 2, steps += 2 * sparse_step) {
    sum = dot_bytes<true>(sum, leaf::pick_bytes(input, load_lanes<V>(steps)), load_lanes<V>(steps + 64));
    other = dot_bytes<true>(other, leaf::pick_bytes(input, load_lanes<V>(steps + sparse_step)), load_lanes<V>(steps + sparse_step + 64));
  }
  if (count == 0) return steps;
  sum = dot_bytes<true>(sum, leaf::pick_bytes(input, load_lanes<V>(steps)), load_lanes<V>(steps + 64));
  return steps + sparse_step;
}

template <class X, std::size_t... B>
[[gnu::always_inline]] inline void load_blocks(I32<16> (&input)[sizeof...(B)], const unsigned char* x, std::index_sequence<B...>) {
  const I32<16> flip = splat_int<I32<16>>(std::is_signed_v<X> ? static_cast<std::int32_t>(0x80808080u) : 0);
  ((input[B] = load_lanes<I32<16>>(x + B * sparse_block) ^ flip), ...);
}
template <std::size_t... B>
[[gnu::always_inline]] inline I32<16> sparse_panel(const I32<16> (&input)[sizeof...(B)], const std::uint8_t* counts, const std::int8_t*& steps,
                                                   std::index_sequence<B...>) {
  I32<16> sum{}, other{};
  ((steps = add_steps(sum, other, input[B], counts[B], steps)), ...);
  return sum + other;
}

// One row of y[N] = Out(S(x[K] * w[K, N])).
template <class S, class Out, class X, class N, class K>
[[gnu::always_inline]] inline void sparse_row(typename Out::type* y, const X* x, const std::uint8_t* counts, const std::int8_t* steps,
                                              const Table<std::int32_t>& table, N n, K k) {
  constexpr std::size_t blocks = blocks_of(static_size<K>);
  constexpr std::make_index_sequence<blocks> each{};
  alignas(64) unsigned char kept[blocks * sparse_block] = {};
  if constexpr (static_size<K> % sparse_block != 0) __builtin_memcpy(kept, x, k);
  I32<16> input[blocks];
  load_blocks<X>(input, static_size<K> % sparse_block != 0 ? kept : reinterpret_cast<const unsigned char*>(x), each);
  for (std::size_t col = 0; col < n; col += 16, counts += blocks)
    store_lanes(y + col, Out::apply(S::apply(sparse_panel(input, counts, steps, each), table, col)), n - col < 16 ? n - col : 16);
}
#endif

// linear() for weights that are given in both forms: a few rows take the one without zeros where the path has its instructions.
template <class Kind, class S, class Out, class B, class E, class LDY, class X, class LDX, class N, class K>
inline void sparse_linear(Range<B, E> rows, typename Out::type* y, LDY ldy, const X* x, LDX ldx, const std::int8_t* w, const std::int32_t* table, N n, K k,
                          [[maybe_unused]] const std::uint8_t* counts, [[maybe_unused]] const std::int8_t* steps) {
#if defined(__AVX512VBMI__) && defined(__AVX512VNNI__)
  if (rows.end - rows.begin < tile_rows) {
    const Table<std::int32_t> t{table, (n + 15) / 16 * 16};
    for (std::size_t r = rows.begin; r < rows.end; ++r) sparse_row<S, Out>(y + r * ldy, x + r * ldx, counts, steps, t, n, k);
    return;
  }
#endif
  linear<Kind, S, Out>(rows, y, ldy, x, ldx, w, table, n, k);
}

}  // namespace inferc::cpu::quantized
