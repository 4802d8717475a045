#pragma once
#include <cstddef>
#include <utility>

#include "kernels/cpu/access.hpp"
#include "kernels/cpu/sizes.hpp"
#include "kernels/dim.hpp"
#include "kernels/simd.hpp"

// The microkernel under every product of matrices: MR rows of `a` times NV vectors of columns of `b` in registers.
//
// Order of summation, the same for any M, tile, code path or thread: contiguous blocks of L terms, each started from
// zero and accumulated in order by fma, block sums added left to right; L = 16 where N < 64, else 64: one chain
// of 256 terms doubled the error of whole networks.
namespace inferc::cpu {

constexpr std::size_t block_terms(std::size_t n) { return n < 64 ? 16 : 64; }
template <std::size_t N>
constexpr dim<block_terms(N)> terms_of(dim<N>) {
  return {};
}
constexpr std::size_t terms_of(std::size_t n) { return block_terms(n); }

// --- the left operand: element (row r of the tile, term k)
template <class LD>
struct StridedRows {
  const float* data;
  LD stride;
  template <std::size_t R>
  [[gnu::always_inline]] float get(std::size_t k) const {
    return data[R * stride + k];
  }
  [[gnu::always_inline]] StridedRows skip(std::size_t terms) const { return {data + terms, stride}; }
};
// --- the right operand: vector q of the tile's columns, term k
struct PackedColumns {  // panels of 16 columns, `panel` elements apart (pack.hpp)
  const float* data;
  std::size_t panel;
  template <class V, int NV, std::size_t Q>
  [[gnu::always_inline]] V get(std::size_t k) const {
    constexpr std::size_t column = Q * lane_count<V>;
    return load<V>(data + column / 16 * panel + k * 16 + column % 16);
  }
  [[gnu::always_inline]] PackedColumns skip(std::size_t terms) const { return {data + terms * 16, panel}; }
};
// The same of weights, which may come from beyond the second cache: each term asks for a line of the columns that follow, so that
// they arrive while these are worked on. Behind the last columns stand the weights that the next call reads.
struct StreamedColumns : PackedColumns {
  const float* next;
  std::size_t step;  // elements of `next` from one term to the following
  template <class V, int NV, std::size_t Q>
  [[gnu::always_inline]] V get(std::size_t k) const {
    if constexpr (Q == 0) __builtin_prefetch(next + k * step, 0, 2);
    return PackedColumns::get<V, NV, Q>(k);
  }
  [[gnu::always_inline]] StreamedColumns skip(std::size_t terms) const { return {PackedColumns::skip(terms), next + terms * step, step}; }
};
template <class LD>
struct DenseColumns {  // row-major b, all columns of the tile inside
  const float* data;
  LD stride;
  template <class V, int NV, std::size_t Q>
  [[gnu::always_inline]] V get(std::size_t k) const {
    return load<V>(data + k * stride + Q * lane_count<V>);
  }
  [[gnu::always_inline]] DenseColumns skip(std::size_t terms) const { return {data + terms * stride, stride}; }
};
template <class LD>
struct LastColumns {  // row-major b with `left` columns from here on: more than half of the tile's
  const float* data;
  LD stride;
  std::size_t left;
  template <class V, int NV, std::size_t Q>
  [[gnu::always_inline]] V get(std::size_t k) const {
    constexpr std::size_t W = lane_count<V>, first = Q * W;
    const float* p = data + k * stride + first;
    if constexpr (2 * (Q + 1) <= NV) return load<V>(p);
    else return load_first<V>(p, left < first ? 0 : left - first < W ? left - first : W);
  }
  [[gnu::always_inline]] LastColumns skip(std::size_t terms) const { return {data + terms * stride, stride, left}; }
};

template <class V, int MR, int NV>
struct Tile {
  static constexpr std::make_index_sequence<MR> rows{};
  static constexpr std::make_index_sequence<NV> vectors{};
  static constexpr std::make_index_sequence<MR * NV> all{};
  using Acc = V[MR * NV];

  template <std::size_t R, std::size_t... Q>
  [[gnu::always_inline]] static void row(Acc& c, float a, const V (&b)[NV], std::index_sequence<Q...>) {
    const V x = splat<V>(a);
    ((c[R * NV + Q] = fma(x, b[Q], c[R * NV + Q])), ...);
  }
  template <class A, class B, std::size_t... R, std::size_t... Q>
  [[gnu::always_inline]] static void step(Acc& c, const A& a, const B& b, std::size_t k, std::index_sequence<R...>, std::index_sequence<Q...> q) {
    const V column[NV] = {b.template get<V, NV, Q>(k)...};
    (row<R>(c, a.template get<R>(k), column, q), ...);
  }
  template <std::size_t... I>
  [[gnu::always_inline]] static void zero(Acc& c, std::index_sequence<I...>) {
    ((c[I] = V{}), ...);
  }
  template <std::size_t... I>
  [[gnu::always_inline]] static void assign(Acc& total, const Acc& c, std::index_sequence<I...>) {
    ((total[I] = c[I]), ...);
  }
  template <std::size_t... I>
  [[gnu::always_inline]] static void add(Acc& total, const Acc& c, std::index_sequence<I...>) {
    ((total[I] = total[I] + c[I]), ...);
  }
  template <std::size_t... I>
  [[gnu::always_inline]] static void park(Acc& total, std::index_sequence<I...>) {
    if constexpr (2 * MR * NV + NV + 1 > vector_registers) (to_memory(total[I]), ...);
  }

  // Leaves all registers to the accumulators: what an epilogue needs in every tile waits in memory until then.
  [[gnu::always_inline]] static void free_registers() {
#ifdef __x86_64__
    if constexpr (vector_registers == 16 && MR * NV + NV + 3 >= vector_registers)
      asm volatile("" ::: "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
#endif
  }
  // `terms` more terms of the block in c.
  template <class A, class B>
  [[gnu::always_inline]] static void accumulate(Acc& c, const A& a, const B& b, std::size_t terms) {
    if constexpr (MR * NV > 16) {
#pragma GCC unroll 1
      for (std::size_t k = 0; k < terms; ++k) step(c, a, b, k, rows, vectors);
    } else {
#pragma GCC unroll 2
      for (std::size_t k = 0; k < terms; ++k) step(c, a, b, k, rows, vectors);
    }
  }
  // One block from term `at` on.
  template <class A, class B, class L>
  [[gnu::always_inline]] static void block(Acc& c, const A& a, const B& b, std::size_t at, L terms) {
    free_registers();
    zero(c, all);
    accumulate(c, a.skip(at), b.skip(at), terms);
  }
  // All of one product, blocks one after the other.
  template <class A, class B, class K, class L>
  [[gnu::always_inline]] static void product(Acc& out, const A& a, const B& b, K k, L terms) {
    using In = Blocks<K, L>;
    if constexpr (In::one) {
      block(out, a, b, 0, k);
    } else {
      if (k < terms) return block(out, a, b, 0, k);
      block(out, a, b, 0, terms);
      for (std::size_t at = terms; at < k; at += terms) {
        Acc total;
        assign(total, out, all);
        park(total, all);
        block(out, a, b, at, In::tail && k - at < terms ? k - at : terms);
        add(out, total, all);
      }
    }
  }
};

// One row: up to four blocks run as parallel chains and are then added in order.
template <class V, int NV>
struct RowTile {
  using One = Tile<V, 1, NV>;

  template <class A, class B, std::size_t... C>
  [[gnu::always_inline]] static void step(V (&c)[sizeof...(C)][NV], const A (&a)[sizeof...(C)], const B (&b)[sizeof...(C)], std::size_t k,
                                          std::index_sequence<C...>) {
    (One::step(c[C], a[C], b[C], k, One::rows, One::vectors), ...);
  }
  // C full blocks from term `at` on; `started`: total holds a sum already.
  template <class A, class B, class L, std::size_t... C>
  [[gnu::always_inline]] static void blocks(V (&total)[NV], bool started, const A& a, const B& b, std::size_t at, L terms, std::index_sequence<C...> chains) {
    V c[sizeof...(C)][NV];
    const A as[sizeof...(C)] = {a.skip(at + C * terms)...};
    const B bs[sizeof...(C)] = {b.skip(at + C * terms)...};
    (One::zero(c[C], One::all), ...);
    for (std::size_t k = 0; k < terms; ++k) step(c, as, bs, k, chains);
    (join(total, started || C > 0, c[C]), ...);
  }
  [[gnu::always_inline]] static void join(V (&total)[NV], bool started, const V (&c)[NV]) {
    if (started) One::add(total, c, One::all);
    else One::assign(total, c, One::all);
  }
  template <class A, class B, class K, class L>
  [[gnu::always_inline]] static void product(V (&total)[NV], const A& a, const B& b, K k, L terms) {
    std::size_t at = 0;
    One::zero(total, One::all);
    using In = Blocks<K, L>;
    constexpr bool chains = NV <= 4;
    if constexpr (chains && (!In::known || In::whole >= 4))
      for (; at + 4 * terms <= k; at += 4 * terms) blocks(total, at > 0, a, b, at, terms, std::make_index_sequence<4>{});
    if constexpr (chains && (!In::known || In::whole % 4 >= 2))
      for (; at + 2 * terms <= k; at += 2 * terms) blocks(total, at > 0, a, b, at, terms, std::make_index_sequence<2>{});
    if constexpr (!In::known || (chains ? In::whole % 2 : In::whole) > 0)
      for (; at + terms <= k; at += terms) blocks(total, at > 0, a, b, at, terms, std::index_sequence<0>{});
    if constexpr (In::tail) last(total, a, b, k, at);
  }
  template <class A, class B, class K>
  [[gnu::always_inline]] static void last(V (&total)[NV], const A& a, const B& b, K k, std::size_t at) {
    if (at == k) return;
    V c[NV];
    One::zero(c, One::all);
    One::accumulate(c, a.skip(at), b.skip(at), k - at);
    join(total, at > 0, c);
  }
};

// Whether an epilogue says that it is a chain of many operations: one vector after the other leaves the units waiting.
template <class Epi>
constexpr bool is_long = false;
template <class F, class... Operands>
constexpr bool is_long<Epilogue<F, Operands...>> = requires { requires F::is_long; };

// A long epilogue of whole vectors in `rows` rows: four vectors are computed before one is stored, for c may be what the next one reads.
// A function of its own, as the compiler schedules in it before it chooses registers, which takes the operations of the four in turn;
// sums of products would leave their registers by that.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC optimize("schedule-insns", "sched-pressure")
#endif
template <class V, int NV, class Epi, class LDC>
[[gnu::noinline]] void long_epilogue(const V* acc, float* c, LDC ldc, std::size_t rows, std::size_t row, std::size_t col, const Epi epilogue) {
  constexpr std::size_t W = lane_count<V>, together = NV < 4 ? 4 / NV : 1;
  const auto compute = [&](std::size_t r, auto count) __attribute__((always_inline)) {
    V y[count * NV];
    for (std::size_t j = 0; j < count * NV; ++j) y[j] = epilogue(acc[r * NV + j], row + r + j / NV, col + j % NV * W, Whole{});
    for (std::size_t j = 0; j < count * NV; ++j) store(c + (r + j / NV) * ldc + j % NV * W, y[j]);
  };
  std::size_t r = 0;
  for (; r + together <= rows; r += together) compute(r, dim<together>{});
  if constexpr (together > 1)
    for (; r < rows; ++r) compute(r, dim<1>{});
}
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC pop_options
#endif

// Epilogue and store of a tile at (row, col); `valid` columns from `col` on. From 8 vectors on a loop: written out, a long
// epilogue (erf) is most of the code and of the time to compile it, and no faster.
template <class V, int MR, int NV>
struct Store {
  static constexpr std::size_t W = lane_count<V>;

  template <std::size_t I, class Epi, class LDC>
  [[gnu::always_inline]] static void full(const V* acc, float* c, LDC ldc, std::size_t row, std::size_t col, const Epi& epilogue) {
    store(c + I / NV * ldc + I % NV * W, epilogue(acc[I], row + I / NV, col + I % NV * W, Whole{}));
  }
  template <std::size_t I, class Epi, class LDC>
  [[gnu::always_inline]] static void part(const V* acc, float* c, LDC ldc, std::size_t row, std::size_t col, std::size_t valid, const Epi& epilogue) {
    constexpr std::size_t first = I % NV * W;
    if (valid >= first + W) full<I>(acc, c, ldc, row, col, epilogue);
    else if (valid > first) store_first(c + I / NV * ldc + first, epilogue(acc[I], row + I / NV, col + first, valid - first), valid - first);
  }
  template <class Epi, class LDC, class Valid>
  [[gnu::always_inline]] static void loop(const V* acc, float* c, LDC ldc, std::size_t row, std::size_t col, Valid valid, const Epi& epilogue) {
    for (std::size_t r = 0; r < MR; ++r, acc += NV)
      for (std::size_t q = 0; q < NV; ++q) {
        float* const to = c + r * ldc + q * W;
        const std::size_t left = valid > q * W ? valid - q * W : 0;
        if (!may_be<Valid, 0, NV * W - 1> || left >= W) store(to, epilogue(acc[q], row + r, col + q * W, Whole{}));
        else if (left > 0) store_first(to, epilogue(acc[q], row + r, col + q * W, left), left);
      }
  }
  template <class Epi, class LDC, class Valid, std::size_t... I>
  [[gnu::always_inline]] static void run(const V* acc, float* c, LDC ldc, std::size_t row, std::size_t col, Valid valid, const Epi& epilogue,
                                         std::index_sequence<I...>) {
    if constexpr (MR * NV >= 8) {
      V kept[MR * NV];  // a copy: the accumulators themselves stay in registers
      ((kept[I] = acc[I]), ...);
      if constexpr (is_long<Epi> && may_be<Valid, NV * W>)
        if (valid >= NV * W) return long_epilogue<V, NV>(kept, c, ldc, MR, row, col, epilogue);
      loop(kept, c, ldc, row, col, valid, epilogue);
    } else {
      if constexpr (may_be<Valid, NV * W>)
        if (valid >= NV * W) return (full<I>(acc, c, ldc, row, col, epilogue), ...);
      if constexpr (may_be<Valid, 0, NV * W - 1>) (part<I>(acc, c, ldc, row, col, valid, epilogue), ...);
    }
  }
};

// The epilogue sees the tile's position in the whole result; c points at the tile's first element.
template <class V, int MR, int NV, class Epi, class LDC, class Valid>
[[gnu::always_inline]] inline void finish(const V* acc, float* c, LDC ldc, std::size_t row, std::size_t col, Valid valid, const Epi& epilogue) {
  Store<V, MR, NV>::run(acc, c, ldc, row, col, valid, epilogue, std::make_index_sequence<MR * NV>{});
}

// Rows and panels of a tile by the number of vector registers: 32 (v4), 16 (v3), 16 or 32 narrow ones.
inline constexpr int tile_rows = lanes == 16 ? 8 : lanes == 8 ? 6 : 3;
inline constexpr int tile_panels = lanes == 16 ? 2 : 1;
// Rows of a tile over weights: with more of them a weight is read less often, which tells where a panel is larger than the first cache.
inline constexpr int tall_rows = lanes == 16 ? 12 : tile_rows;

}  // namespace inferc::cpu
