#pragma once
#include <cstddef>
#include <type_traits>
#include <utility>

#include "kernels/cpu/access.hpp"
#include "kernels/cpu/gemm.hpp"
#include "kernels/cpu/pack.hpp"
#include "kernels/dim.hpp"
#include "kernels/functors.hpp"
#include "kernels/state.hpp"
#include "kernels/view.hpp"

// One direction of ONNX's GRU and LSTM, the same bits as kernels/ref/recurrent.hpp. Views have rank 3 and a contiguous
// last dim: x [seq, batch, input], y [seq, batch, hidden], states [1, batch, hidden]. w [input, gates hidden] and r are
// packed in panels of 16 columns (pack.hpp); bias is a row vector, W's and R's added together.
//
// Samples are taken in blocks: x w + bias of all steps of a block first, then h r of its samples step by step, of LSTM by groups of
// 16 units: units wait for a chain of activations, and the weights of another group come from the second cache meanwhile.
namespace inferc::cpu {

inline constexpr std::size_t recurrent_rows = 24;  // samples of a block: whole tiles on every path

// In place of y: only the last state is wanted. In place of a state: zeros.
struct Omitted {};

namespace recurrent_detail {

template <std::size_t C, std::size_t N>
constexpr dim<C * N> times(dim<N>) {
  return {};
}
template <std::size_t C>
constexpr std::size_t times(std::size_t n) {
  return C * n;
}

// A functor of kernels/functors.hpp with the parameters that it takes.
template <class F>
struct Activation {
  float alpha, beta;
  template <class V>
  [[gnu::always_inline]] V operator()(V x) const {
    if constexpr (std::is_same_v<F, functors::hard_sigmoid>) return F::apply(x, alpha, beta);
    else return F::apply(x);
  }
};

inline float* row(const View<float, 3>& v, std::size_t i, std::size_t j) {
  return v.data + static_cast<std::ptrdiff_t>(i) * v.stride[0] + static_cast<std::ptrdiff_t>(j) * v.stride[1];
}
inline const float* row(const View<const float, 3>& v, std::size_t i, std::size_t j) {
  return v.data + static_cast<std::ptrdiff_t>(i) * v.stride[0] + static_cast<std::ptrdiff_t>(j) * v.stride[1];
}

// f(j, count) for vectors of `n` elements.
template <class N, class F>
[[gnu::always_inline]] inline void for_each_vector(N n, F f) {
  std::size_t j = 0;
  for (; j + lanes <= n; j += lanes) f(j, Whole{});
  if (j < n) f(j, n - j);
}

inline void set(float* to, std::size_t, std::size_t hidden, Omitted) {
  for (std::size_t j = 0; j < hidden; ++j) to[j] = 0;
}
inline void set(float* to, std::size_t b, std::size_t hidden, const View<const float, 3>& first) {
  const float* from = row(first, 0, b);
  for (std::size_t j = 0; j < hidden; ++j) to[j] = from[j];
}

// The state after step t as that step's output.
template <class V, class Count>
[[gnu::always_inline]] inline void put(Omitted, std::size_t, std::size_t, std::size_t, V, Count) {}
template <class V, class Count>
[[gnu::always_inline]] inline void put(const View<float, 3>& y, std::size_t t, std::size_t b, std::size_t j, V h, Count n) {
  store_valid(row(y, t, b) + j, h, n);
}

// Samples [first, first + rows) with their scratch: x w + bias as [rows, seq, gates hidden], h r as [rows, gates hidden].
template <std::size_t Gates, class Rows, class Seq, class Input, class Hidden>
struct Block {
  std::size_t first;
  Rows rows;
  Seq seq;
  Input input;
  Hidden hidden;
  float *from_input, *from_state;

  auto columns() const { return times<Gates>(hidden); }
  const float* input_sums(std::size_t b, std::size_t t) const { return from_input + (b * seq + t) * columns(); }
  float* state_sums(std::size_t b) const { return from_state + b * columns(); }

  void project(const View<const float, 3>& x, const float* w, const float* bias) const {
    for (std::size_t b = 0; b < rows; ++b)
      gemm(Range{dim<0>{}, seq}, from_input + b * seq * columns(), columns(), row(x, 0, first + b), static_cast<std::size_t>(x.stride[0]), w, columns(), input,
           epilogue<functors::add>(Row{bias}));
  }
  // Columns [begin, begin + n) of h r.
  template <class N>
  void recur(const float* h, std::size_t stride, const float* r, std::size_t begin, N n) const {
    gemm(Range{dim<0>{}, rows}, from_state + begin, columns(), h, stride, r, n, hidden, NoEpilogue{});
  }
};

// f(block) for the samples of a range.
template <std::size_t Gates, class B, class E, class Seq, class Input, class Hidden, class F>
inline void for_each_block(Range<B, E> samples, float* scratch, Seq seq, Input input, Hidden hidden, F f) {
  const std::size_t sums = Gates * hidden;
  if constexpr (is_static<E> && is_static<B> && static_size<E> - static_size<B> <= recurrent_rows) {
    constexpr dim<static_size<E> - static_size<B>> rows{};
    f(Block<Gates, dim<static_size<E> - static_size<B>>, Seq, Input, Hidden>{samples.begin, rows, seq, input, hidden, scratch, scratch + rows * seq * sums});
  } else {
    for (std::size_t at = samples.begin; at < samples.end; at += recurrent_rows) {
      const std::size_t rows = samples.end - at < recurrent_rows ? samples.end - at : recurrent_rows;
      f(Block<Gates, std::size_t, Seq, Input, Hidden>{at, rows, seq, input, hidden, scratch, scratch + rows * seq * sums});
    }
  }
}

struct States {  // h of the samples of a block
  float* data;
  std::size_t stride;
};

// LSTM by groups of units.
template <class Y, class F, class G, class H>
struct Lstm {
  Y y;
  View<float, 3> h, c;
  const float* r;
  Activation<F> f;
  Activation<G> g;
  Activation<H> to_output;

  // Units [first, first + n) of a sample from the sums of their gates.
  template <class N>
  [[gnu::always_inline]] void gates(std::size_t b, std::size_t t, std::size_t first, N n, const float* own, const float* sums, float* next) const {
    float* memory = row(c, 0, b) + first;
    for_each_vector(n, [&](std::size_t j, auto count) {
      const auto gate = [&](std::size_t k) { return load_valid<Vec>(sums + k * n + j, count) + load_valid<Vec>(own + k * n + j, count); };
      const Vec kept = f(gate(2)) * load_valid<Vec>(memory + j, count);
      const Vec now = fma(f(gate(0)), g(gate(3)), kept);
      const Vec out = normal_or_zero(f(gate(1)) * to_output(now));
      store_valid(memory + j, now, count);
      store_valid(next + j, out, count);
      put(y, t, b, first + j, out, count);
    });
  }
  // The sums of group `at`, of all samples of a block: two groups have a place at a time.
  template <class Block>
  [[gnu::always_inline]] static float* sums(const Block& block, std::size_t at) {
    return block.state_sums(0) + block.rows * (block.hidden + at % 2 * 4 * unit_group);
  }
  template <class Block, class N>
  [[gnu::always_inline]] void multiply(const Block& block, const States& now, std::size_t at, N n) const {
    const auto columns = times<4>(n);
    gemm_in_blocks(Range{dim<0>{}, block.rows}, sums(block, at), columns, now.data, now.stride, r + at * 4 * unit_group * block.hidden, columns, block.hidden,
                   terms_of(block.columns()), NoEpilogue{});
  }
  template <class Block, class N>
  [[gnu::always_inline]] void activate(const Block& block, std::size_t t, const States& next, std::size_t at, N n) const {
    const std::size_t first = at * unit_group;
    for (std::size_t b = 0; b < block.rows; ++b)
      gates(block.first + b, t, first, n, block.input_sums(b, t) + 4 * first, sums(block, at) + b * times<4>(n), next.data + b * next.stride + first);
  }
  // The activations of a group behind the product of the one after it, which they do not wait for.
  template <class Block>
  void run(const Block& block, std::size_t t, const States& now, const States& next) const {
    const auto rest = modulo<unit_group>(block.hidden);
    constexpr bool may_rest = may_be<std::remove_const_t<decltype(rest)>, 1>;
    constexpr dim<unit_group> whole{};
    const std::size_t groups = block.hidden / unit_group, all = groups + (rest > 0);
    for (std::size_t at = 0; at <= all; ++at) {
      if (at < groups) multiply(block, now, at, whole);
      else if constexpr (may_rest)
        if (at < all) multiply(block, now, at, rest);
      if (at == 0) continue;
      if (at <= groups) activate(block, t, next, at - 1, whole);
      else if constexpr (may_rest) activate(block, t, next, at - 1, rest);
    }
  }
  // All steps, from state to state in turn, so that the last one is h.
  template <class Block, class Seq, class H0>
  void run_all(const Block& block, Seq seq, H0 h0, bool reverse) const {
    States now{row(h, 0, block.first), static_cast<std::size_t>(h.stride[1])}, next{block.state_sums(0), block.hidden};
    if (seq % 2 == 1) std::swap(now, next);
    for (std::size_t b = 0; b < block.rows; ++b) set(now.data + b * now.stride, block.first + b, block.hidden, h0);
    for (std::size_t s = 0; s < seq; ++s) {
      run(block, reverse ? seq - 1 - s : s, now, next);
      std::swap(now, next);
    }
  }
};

}  // namespace recurrent_detail

// Gates i, o, f, c: c = f c + i g; h = o h(c). F, G, H are functors; columns of w, r and bias as gate_column tells. scratch:
// min(batch, recurrent_rows) * (seq * 4 + 5) * hidden elements.
template <class B, class E, class Y, class H0, class C0, class Seq, class Input, class Hidden, class F, class G, class H>
inline void lstm(Range<B, E> samples, Y y, View<float, 3> h, View<float, 3> c, float* scratch, View<const float, 3> x, const float* w, const float* r,
                 const float* bias, H0 h0, C0 c0, Seq seq, Input input, Hidden hidden, bool reverse, F, G, H, Params<3> alpha, Params<3> beta) {
  namespace d = recurrent_detail;
  const auto at = [](const Params<3>& p, int k) { return static_cast<float>(p.value[k]); };
  const d::Lstm<Y, F, G, H> cell{y, h, c, r, {at(alpha, 0), at(beta, 0)}, {at(alpha, 1), at(beta, 1)}, {at(alpha, 2), at(beta, 2)}};
  d::for_each_block<4>(samples, scratch, seq, input, hidden, [&](const auto& block) {
    block.project(x, w, bias);
    for (std::size_t b = 0; b < block.rows; ++b) d::set(d::row(c, 0, block.first + b), block.first + b, hidden, c0);
    cell.run_all(block, seq, h0, reverse);
  });
}

// Gates z, r, n: n = g(x w + bias + (r h) r_n); h = (1 - z) n + z h. r is packed [hidden, 2 hidden] and, behind it,
// [hidden, hidden]. scratch: min(batch, recurrent_rows) * ((seq + 1) * 3 + 1) * hidden elements.
template <class B, class E, class Y, class H0, class Seq, class Input, class Hidden, class F, class G>
inline void gru(Range<B, E> samples, Y y, View<float, 3> h, float* scratch, View<const float, 3> x, const float* w, const float* r, const float* bias, H0 h0,
                Seq seq, Input input, Hidden hidden, bool reverse, F, G, Params<3> alpha, Params<3> beta) {
  namespace d = recurrent_detail;
  const auto at = [](const Params<3>& p, int k) { return static_cast<float>(p.value[k]); };
  const d::Activation<F> f{at(alpha, 0), at(beta, 0)};
  const d::Activation<G> g{at(alpha, 1), at(beta, 1)};
  const float* r_n = r + packed_size(hidden, 2 * hidden);
  d::for_each_block<3>(samples, scratch, seq, input, hidden, [&](const auto& block) {
    block.project(x, w, bias);
    float* reset = block.state_sums(block.rows);
    for (std::size_t b = 0; b < block.rows; ++b) d::set(d::row(h, 0, block.first + b), block.first + b, hidden, h0);
    for (std::size_t s = 0; s < seq; ++s) {
      const std::size_t t = reverse ? seq - 1 - s : s;
      block.recur(d::row(h, 0, block.first), static_cast<std::size_t>(h.stride[1]), r, 0, d::times<2>(hidden));
      for (std::size_t b = 0; b < block.rows; ++b) {
        const float *own = block.input_sums(b, t) + hidden, *sums = block.state_sums(b) + hidden, *state = d::row(h, 0, block.first + b);
        d::for_each_vector(hidden, [&](std::size_t j, auto n) {
          const Vec gate = f(load_valid<Vec>(sums + j, n) + load_valid<Vec>(own + j, n));
          store_valid(reset + b * hidden + j, normal_or_zero(gate * load_valid<Vec>(state + j, n)), n);
        });
      }
      block.recur(reset, hidden, r_n, 2 * hidden, hidden);
      for (std::size_t b = 0; b < block.rows; ++b) {
        const float *own = block.input_sums(b, t), *sums = block.state_sums(b);
        float* state = d::row(h, 0, block.first + b);
        d::for_each_vector(hidden, [&](std::size_t j, auto n) {
          const auto gate = [&](std::size_t k) { return load_valid<Vec>(sums + k * hidden + j, n) + load_valid<Vec>(own + k * hidden + j, n); };
          const Vec z = f(gate(0));
          const Vec out = normal_or_zero(fma(z, load_valid<Vec>(state + j, n), (1.0f - z) * g(gate(2))));
          store_valid(state + j, out, n);
          d::put(y, t, block.first + b, j, out, n);
        });
      }
    }
  });
}

// The same with linear_before_reset: n = g(x w + W's bias + r (h r_n + R's bias)). bias is [3 hidden] with W's bias
// only in n, and R's bias of n [hidden] behind it; r is packed [hidden, 3 hidden]. scratch as of gru.
template <class B, class E, class Y, class H0, class Seq, class Input, class Hidden, class F, class G>
inline void gru_linear(Range<B, E> samples, Y y, View<float, 3> h, float* scratch, View<const float, 3> x, const float* w, const float* r, const float* bias,
                       H0 h0, Seq seq, Input input, Hidden hidden, bool reverse, F, G, Params<3> alpha, Params<3> beta) {
  namespace d = recurrent_detail;
  const auto at = [](const Params<3>& p, int k) { return static_cast<float>(p.value[k]); };
  const d::Activation<F> f{at(alpha, 0), at(beta, 0)};
  const d::Activation<G> g{at(alpha, 1), at(beta, 1)};
  const float* bias_n = bias + 3 * hidden;
  d::for_each_block<3>(samples, scratch, seq, input, hidden, [&](const auto& block) {
    block.project(x, w, bias);
    for (std::size_t b = 0; b < block.rows; ++b) d::set(d::row(h, 0, block.first + b), block.first + b, hidden, h0);
    for (std::size_t s = 0; s < seq; ++s) {
      const std::size_t t = reverse ? seq - 1 - s : s;
      block.recur(d::row(h, 0, block.first), static_cast<std::size_t>(h.stride[1]), r, 0, block.columns());
      for (std::size_t b = 0; b < block.rows; ++b) {
        const float *own = block.input_sums(b, t), *sums = block.state_sums(b);
        float* state = d::row(h, 0, block.first + b);
        d::for_each_vector(hidden, [&](std::size_t j, auto n) {
          const auto in = [&](std::size_t k) { return load_valid<Vec>(own + k * hidden + j, n); };
          const auto back = [&](std::size_t k) { return load_valid<Vec>(sums + k * hidden + j, n); };
          const Vec z = f(back(0) + in(0)), reset = f(back(1) + in(1));
          const Vec candidate = g(fma(reset, back(2) + load_valid<Vec>(bias_n + j, n), in(2)));
          const Vec out = normal_or_zero(fma(z, load_valid<Vec>(state + j, n), (1.0f - z) * candidate));
          store_valid(state + j, out, n);
          d::put(y, t, block.first + b, j, out, n);
        });
      }
    }
  });
}

}  // namespace inferc::cpu
