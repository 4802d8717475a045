#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>

#include "kernels/cpu/quantized/dot.hpp"
#include "kernels/cpu/quantized/pack.hpp"
#include "kernels/cpu/quantized/steps.hpp"
#include "kernels/cpu/tile.hpp"
#include "kernels/dim.hpp"

namespace inferc::cpu::quantized {

// MR rows x NV vectors of columns in registers, in `chains` sums side by side that are added at the end.
template <class Kind, int MR, int NV, int chains>
struct IntegerTile {
  using V = typename Kind::V;
  using Weight = typename Kind::Weight;
  static constexpr std::size_t W = Kind::lanes, group = Kind::group;
  static constexpr std::make_index_sequence<MR> rows{};
  static constexpr std::make_index_sequence<NV> vectors{};
  static constexpr std::make_index_sequence<MR * NV> all{};
  using Sums = V[MR * NV];

  // Vector Q of group g; panels are `panel` weights apart.
  template <std::size_t Q>
  [[gnu::always_inline]] static V column(const Weight* w, std::size_t panel, std::size_t g) {
    constexpr std::size_t col = Q * W;
    if constexpr (Kind::packs_two) {
      const Weight* const pair = w + col / 16 * panel + (g / 2 * 16 + col % 16) * group;
      return g % 2 != 0 ? Kind::template half<true>(pair) : Kind::template half<false>(pair);
    } else {
      return Kind::weights(w + col / 16 * panel + (g * 16 + col % 16) * group);
    }
  }
  template <std::size_t R, class T, std::size_t... Q>
  [[gnu::always_inline]] static void row(Sums& c, T x, const V (&w)[NV], std::index_sequence<Q...>) {
    ((c[R * NV + Q] = Kind::dot(c[R * NV + Q], x, w[Q])), ...);
  }
  // Groups g and g + 1, where the Kind joins them.
  template <std::size_t R, class X, std::size_t... Q>
  [[gnu::always_inline]] static void row_of_two(Sums& c, const X* x, const V (&w)[NV][2], std::index_sequence<Q...>) {
    const std::int32_t terms[2] = {Kind::terms(x), Kind::terms(x + group)};
    ((c[R * NV + Q] = Kind::dot(c[R * NV + Q], terms, w[Q])), ...);
  }
  template <class X, class LD, std::size_t... R, std::size_t... Q>
  [[gnu::always_inline]] static void step_of_two(Sums& c, const X* x, LD ld, const Weight* w, std::size_t panel, std::size_t g, std::index_sequence<R...>,
                                                 std::index_sequence<Q...> q) {
    const V columns[NV][2] = {{column<Q>(w, panel, g), column<Q>(w, panel, g + 1)}...};
    (row_of_two<R>(c, x + R * ld + g * group, columns, q), ...);
  }
  // n = group, or the terms of the last group.
  template <class X, class LD, class Count, std::size_t... R, std::size_t... Q>
  [[gnu::always_inline]] static void step(Sums& c, const X* x, LD ld, const Weight* w, std::size_t panel, std::size_t g, Count n, std::index_sequence<R...>,
                                          std::index_sequence<Q...> q) {
    const V columns[NV] = {column<Q>(w, panel, g)...};
    if constexpr (is_static<Count>) (row<R>(c, Kind::terms(x + R * ld + g * group), columns, q), ...);
    else (row<R>(c, Kind::terms(x + R * ld + g * group, n), columns, q), ...);
  }
  template <std::size_t... I>
  [[gnu::always_inline]] static void zero(Sums& c, std::index_sequence<I...>) {
    ((c[I] = V{}), ...);
  }
  template <std::size_t... I>
  [[gnu::always_inline]] static void add(Sums& c, const Sums& d, std::index_sequence<I...>) {
    ((c[I] = c[I] + d[I]), ...);
  }
  template <std::size_t... I>
  [[gnu::always_inline]] static void assign(Sums& c, const Sums& d, std::index_sequence<I...>) {
    ((c[I] = d[I]), ...);
  }
  template <std::size_t... I>
  [[gnu::always_inline]] static void copy(V* to, const Sums& c, std::index_sequence<I...>) {
    ((to[I] = c[I]), ...);
  }
  template <class X, class LD, std::size_t... C>
  [[gnu::always_inline]] static void steps(Sums (&c)[chains], const X* x, LD ld, const Weight* w, std::size_t panel, std::size_t g, std::index_sequence<C...>) {
    if constexpr (Kind::joined == 2) (step_of_two(c[C], x, ld, w, panel, g + 2 * C, rows, vectors), ...);
    else (step(c[C], x, ld, w, panel, g + C, dim<group>{}, rows, vectors), ...);
  }
  template <std::size_t... C>
  [[gnu::always_inline]] static void join(Sums (&c)[chains], std::index_sequence<C...>) {
    ((C > 0 ? add(c[0], c[C], all) : void()), ...);
  }
  template <std::size_t... I>
  [[gnu::always_inline]] static void begin(Sums& c, const typename Kind::Sum* start, std::index_sequence<I...>) {
    ((c[I] = load_lanes<V>(start + I % NV * W)), ...);
  }
  // `start`: what the sums of each column begin with; nullptr: zeros.
  template <class X, class LD, class K, class Begin>
  [[gnu::always_inline]] static void product(Sums& sum, const X* x, LD ld, const Weight* w, std::size_t panel, K k, Begin start) {
    constexpr std::make_index_sequence<chains> each{};
    constexpr std::size_t at_once = chains * Kind::joined;
    Sums c[chains];
    for (int i = 0; i < chains; ++i) zero(c[i], all);
    if constexpr (!std::is_null_pointer_v<Begin>) begin(c[0], start, all);
    std::size_t g = 0;
    const std::size_t whole = k / group;
    if constexpr (vector_registers == 16) {
#pragma GCC unroll 4
      for (; g + at_once <= whole; g += at_once) steps(c, x, ld, w, panel, g, each);
    } else {
      for (; g + at_once <= whole; g += at_once) steps(c, x, ld, w, panel, g, each);
    }
    for (; g < whole; ++g) step(c[0], x, ld, w, panel, g, dim<group>{}, rows, vectors);
    if (k % group != 0) step(c[0], x, ld, w, panel, g, k % group, rows, vectors);
    join(c, each);
    assign(sum, c[0], all);
  }
};

template <class Kind, class S, class Out, class X, class LDY, class LDX, class N, class K>
struct IntegerProblem {
  using O = typename Out::type;
  using V = typename Kind::V;
  static constexpr std::size_t W = Kind::lanes;
  O* y;
  LDY ldy;
  const X* x;
  LDX ldx;
  const typename Kind::Weight* w;
  Table<typename Kind::Sum> table;
  N n;
  K k;

  // Whether the sums of a tile begin with what the first step would add. `started`: of the sums that are stored.
  static constexpr bool starts_with_row = Start<S>::is_row && !Kind::packs_two;
  [[gnu::always_inline]] auto start([[maybe_unused]] std::size_t col) const {
    if constexpr (starts_with_row) return table.data + Start<S>::row * table.stride + col;
    else return nullptr;
  }
  template <bool started>
  [[gnu::always_inline]] V stepped(V sum, std::size_t col) const {
    if constexpr (started) return Start<S>::rest::apply(sum, table, col);
    else return S::apply(Kind::sum(sum), table, col);
  }
  template <bool started>
  [[gnu::always_inline]] void finish(V sum, std::size_t row, std::size_t col, std::size_t valid) const {
    store_lanes(y + row * ldy + col, Out::apply(stepped<started>(sum, col)), valid);
  }
  // Vectors I, I + 1 ... of a tile, as many as Out takes together.
  template <bool started, int NV, std::size_t I, std::size_t... J>
  [[gnu::always_inline]] void finish_together(const V* sum, std::size_t row, std::size_t col, std::index_sequence<J...>) const {
    constexpr std::size_t width = NV % sizeof...(J) == 0 ? sizeof...(J) : NV, bytes = width * W * sizeof(O);
    const auto all = Out::apply(stepped<started>(sum[I + J], col + (I + J) % NV * W)...);
    static_assert(sizeof(all) == sizeof...(J) * W * sizeof(O));
    store_parts<bytes>(reinterpret_cast<unsigned char*>(y + (row + I / NV) * ldy + col + I % NV * W), ldy * sizeof(O), all);
  }
  template <int MR, int NV, bool started = false, std::size_t... I>
  [[gnu::always_inline]] void store(const V* sum, std::size_t row, std::size_t col, std::index_sequence<I...>) const {
    constexpr std::size_t n = Out::template together<V, MR * NV>;
    if constexpr (n > 1 && (NV % n == 0 || n % NV == 0))
      ((I % n == 0 ? finish_together<started, NV, I - I % n>(sum, row, col, std::make_index_sequence<n>{}) : void()), ...);
    else (finish<started>(sum[I], row + I / NV, col + I % NV * W, W), ...);
  }
  // Parts as a loop: written out, their cases are most of the code and of the time to compile it.
  template <int MR, int NV, bool started = false>
  [[gnu::always_inline]] void store_loop(const V* sum, std::size_t row, std::size_t col, std::size_t valid) const {
    for (std::size_t r = 0; r < MR; ++r)
      for (std::size_t q = 0; q < NV && q * W < valid; ++q) finish<started>(sum[r * NV + q], row + r, col + q * W, valid - q * W < W ? valid - q * W : W);
  }
  // With few registers a function of its own: what the steps keep in registers, sums would give theirs for.
  template <int MR, int NV, int chains, class Begin>
  [[gnu::noinline]] static void product_apart(V* sum, const X* x, LDX ldx, const typename Kind::Weight* w, std::size_t panel, K k, Begin start) {
    using Tile = IntegerTile<Kind, MR, NV, chains>;
    typename Tile::Sums own;
    Tile::product(own, x, ldx, w, panel, k, start);
    Tile::copy(sum, own, Tile::all);
  }
  // Columns from `col` on, `valid` of them, in NV vectors.
  template <int MR, int NV>
  [[gnu::always_inline]] void tile(std::size_t row, std::size_t col, std::size_t valid) const {
    constexpr int chains = MR * NV >= 8 ? 1 : MR * NV >= 4 ? 2 : 4;
    const std::size_t groups = groups_of(k, Kind::group), panel = (Kind::packs_two ? (groups + 1) / 2 : groups) * 16 * Kind::group;
    V sum[MR * NV];
    if constexpr (vector_registers == 16 && MR * NV >= 8) {
      product_apart<MR, NV, chains>(sum, x + row * ldx, ldx, w + col / 16 * panel, panel, k, start(col));
      if (valid >= NV * W) return store<MR, NV, starts_with_row>(sum, row, col, std::make_index_sequence<MR * NV>{});
      return store_loop<MR, NV, starts_with_row>(sum, row, col, valid);
    }
    IntegerTile<Kind, MR, NV, chains>::product(sum, x + row * ldx, ldx, w + col / 16 * panel, panel, k, start(col));
    if (valid >= NV * W) return store<MR, NV, starts_with_row>(sum, row, col, std::make_index_sequence<MR * NV>{});
    V kept[MR * NV];  // a copy: the sums themselves stay in registers
    for (std::size_t i = 0; i < MR * NV; ++i) kept[i] = sum[i];
    store_loop<MR, NV, starts_with_row>(kept, row, col, valid);
  }
  // Panels outer, rows inner: each panel of weights is read once for all rows.
  template <int MR, int panels>
  [[gnu::always_inline]] void sweep(std::size_t begin, std::size_t end, std::size_t col = 0) const {
    constexpr std::size_t width = 16 * panels;
    if (!is_static<N> || static_size<N> >= width)
      for (; col + width <= n; col += width)
        for (std::size_t row = begin; row < end; row += MR) tile<MR, panels * 16 / static_cast<int>(W)>(row, col, width);
    if constexpr (panels > 1) {
      sweep<MR, panels / 2>(begin, end, col);
    } else {
      if (col < n)
        for (std::size_t row = begin; row < end; row += MR) tile<MR, 16 / static_cast<int>(W)>(row, col, n - col);
    }
  }
  // Fewer rows than a tile has: by two and one, which take more panels at once.
  [[gnu::always_inline]] void rest(std::size_t begin, std::size_t end) const {
    for (; begin + 2 <= end; begin += 2) sweep<2, 2 * tile_panels>(begin, begin + 2);
    if (begin < end) sweep<1, 4 * tile_panels>(begin, end);
  }
};

inline constexpr int integer_rows = lanes == 8 ? 4 : tile_rows;
inline constexpr std::size_t integer_row_block = 96;

// Signed bytes of short rows are made unsigned for a block of rows at once, where a product of bytes is a single instruction: to turn the signs
// of each group in the tile takes another.
#if defined(__AVX512VNNI__)
inline constexpr bool turns_signs_first = true;
#else
inline constexpr bool turns_signs_first = false;
#endif
template <class Kind, class X, class K>
constexpr bool turns_rows = turns_signs_first && Kind::group == 4 && std::is_signed_v<X> && is_static<K> && static_size<K> * integer_row_block <= 8192;
template <class Kind, class S, class Out, class X, class LDY, class LDX, class N, std::size_t k>
[[gnu::always_inline]] inline void turned(const IntegerProblem<Kind, S, Out, X, LDY, LDX, N, dim<k>>& p, std::size_t row, std::size_t count) {
  std::uint8_t x[integer_row_block * k];
  for (std::size_t r = 0; r < count; ++r)
    for (std::size_t i = 0; i < k; ++i) x[r * k + i] = static_cast<std::uint8_t>(p.x[(row + r) * p.ldx + i] ^ 0x80);
  using Unsigned = IntegerProblem<Kind, S, Out, std::uint8_t, LDY, dim<k>, N, dim<k>>;
  Unsigned{p.y + row * p.ldy, p.ldy, x, dim<k>{}, p.w, p.table, p.n, p.k}.template sweep<integer_rows, tile_panels>(0, count);
}

// Rows `rows` of y[M, N] = Out(S(x[M, K] * w[K, N])), w packed for the Kind of product (pack.hpp), the rows of `table` padded to a
// multiple of 16 columns; ldy, ldx, n, k are dim<> or std::size_t. Reads and writes nothing beyond column n of y and column k of x.
template <class Kind, class S, class Out, class B, class E, class LDY, class X, class LDX, class N, class K>
inline void linear(Range<B, E> rows, typename Out::type* y, LDY ldy, const X* x, LDX ldx, const typename Kind::Weight* w, const typename Kind::Sum* table, N n,
                   K k) {
  constexpr int MR = integer_rows;
  const IntegerProblem<Kind, S, Out, X, LDY, LDX, N, K> problem{y, ldy, x, ldx, w, {table, (n + 15) / 16 * 16}, n, k};
  const std::size_t whole = rows.begin + (rows.end - rows.begin) / MR * MR;
  for (std::size_t row = rows.begin; row < whole; row += integer_row_block) {
    const std::size_t count = whole - row < integer_row_block ? whole - row : integer_row_block;
    if constexpr (turns_rows<Kind, X, K>) turned(problem, row, count);
    else problem.template sweep<MR, tile_panels>(row, row + count);
  }
  if (whole < rows.end) problem.rest(whole, rows.end);
}

}  // namespace inferc::cpu::quantized
