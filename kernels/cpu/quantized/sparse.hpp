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
}  // namespace leaf

// The sums of a panel in two parts, so that a step does not wait for the one before.
template <class Source>
[[gnu::always_inline]] inline I32<16> windowed_panel(Source x, std::size_t count, const std::uint16_t* windows, const std::int8_t* steps) {
  using V = I32<16>;
  const auto step = [&](V sum, std::size_t s) __attribute__((always_inline)) {
    const std::int8_t* const own = steps + s * step_size;
    return dot_bytes<true>(sum, leaf::pick_bytes(load_lanes<V>(x + windows[s]), load_lanes<V>(own)), load_lanes<V>(own + window_size));
  };
  V sum{}, other{};
  for (std::size_t s = 0; s + 2 <= count; s += 2) sum = step(sum, s), other = step(other, s + 1);
  return count % 2 != 0 ? step(sum, count - 1) + other : sum + other;
}

// One row of y[N] = Out(S(x[K] * w[K, N])). Windows reach beyond x where K < 64, and bytes have to be unsigned: then they are copied.
template <class S, class Out, class X, class N, class K>
[[gnu::always_inline]] inline void sparse_row(typename Out::type* y, const X* x, const std::uint16_t* plan, const std::int8_t* steps,
                                              const Table<std::int32_t>& table, N n, K k) {
  constexpr bool copies = std::is_signed_v<X> || static_size<K> < window_size;
  constexpr std::size_t room = copies ? (static_size<K> < window_size ? window_size : static_size<K>) : 1;
  unsigned char kept[room];
  const auto* source = reinterpret_cast<const unsigned char*>(x);
  if constexpr (copies) {
    for (std::size_t i = 0; i < room; ++i) kept[i] = i < k ? static_cast<unsigned char>(source[i] ^ (std::is_signed_v<X> ? 0x80 : 0)) : std::uint8_t{0};
    source = kept;
  }
  for (std::size_t col = 0; col < n; col += 16) {
    const std::size_t count = *plan++;
    const I32<16> sum = windowed_panel(source, count, plan, steps);
    store_lanes(y + col, Out::apply(S::apply(sum, table, col)), n - col < 16 ? n - col : 16);
    plan += count, steps += count * step_size;
  }
}
#endif

// linear() for weights that are given in both forms, `plan`: for each panel the number of its steps and the window of each. A few rows take the one without
// zeros where the path has its instructions.
template <class Kind, class S, class Out, class B, class E, class LDY, class X, class LDX, class N, class K>
inline void sparse_linear(Range<B, E> rows, typename Out::type* y, LDY ldy, const X* x, LDX ldx, const std::int8_t* w, const std::int32_t* table, N n, K k,
                          [[maybe_unused]] const std::uint16_t* plan, [[maybe_unused]] const std::int8_t* steps) {
#if defined(__AVX512VBMI__) && defined(__AVX512VNNI__)
  if (rows.end - rows.begin < tile_rows) {
    const Table<std::int32_t> t{table, (n + 15) / 16 * 16};
    for (std::size_t r = rows.begin; r < rows.end; ++r) sparse_row<S, Out>(y + r * ldy, x + r * ldx, plan, steps, t, n, k);
    return;
  }
#endif
  linear<Kind, S, Out>(rows, y, ldy, x, ldx, w, table, n, k);
}

}  // namespace inferc::cpu::quantized
