#pragma once
#include "kernels/fault.hpp"
#include "kernels/ref/product_sum.hpp"
#include "kernels/state.hpp"
#include "kernels/view.hpp"

// One direction of ONNX's RNN, GRU and LSTM. Views have rank 3: x [seq, batch, input], y [seq, batch, hidden], states
// [1, batch, hidden], bias [1, 1, 2 gates hidden]; w [gates hidden, input] and r [gates hidden, hidden] are dense.
//
// Order of a gate's sum: x w by blocks as a product with all gates as columns, plus the two biases added together, is
// added to h r, by blocks as a product with the columns that are computed together.
namespace inferc::ref {

enum class Activation : unsigned char { relu, tanh, sigmoid, affine, leaky_relu, thresholded_relu, scaled_tanh, hard_sigmoid, elu, softsign, softplus };

// Activation k of a cell is kind[k](x; alpha[k], beta[k]); a gate's sum is clipped to [-clip, clip] first if clip > 0.
struct Activations {
  Sizes<3> kind;
  Params<3> alpha, beta;
  double clip;

  template <class T>
  T gate(int k, T x) const {
    const T limit = static_cast<T>(clip);
    return apply(k, clip > 0 ? (x > limit ? limit : x < -limit ? -limit : x) : x);
  }
  template <class T>
  T apply(int k, T x) const {
    const auto alpha_k = static_cast<float>(alpha.value[k]), beta_k = static_cast<float>(beta.value[k]);
    const T a = static_cast<T>(alpha_k), b = static_cast<T>(beta_k);
    switch (static_cast<Activation>(kind.value[k])) {
      case Activation::relu:
        return functors::relu::apply(x);
      case Activation::tanh:
        return functors::tanh::apply(x);
      case Activation::sigmoid:
        return functors::sigmoid::apply(x);
      case Activation::affine:
        return a * x + b;
      case Activation::leaky_relu:
        return x < T{} ? a * x : x;
      case Activation::thresholded_relu:
        return x >= a ? x : T{};
      case Activation::scaled_tanh:
        return a * functors::tanh::apply(b * x);
      case Activation::hard_sigmoid:
        return functors::hard_sigmoid::apply(x, alpha_k, beta_k);
      case Activation::elu:
        return functors::elu::apply(x, alpha_k);
      case Activation::softsign:
        return functors::softsign::apply(x);
      case Activation::softplus:
        return functors::softplus::apply(x);
    }
    return x;
  }
};

struct AllSteps {};  // in place of a pointer to sequence_lens

namespace recurrent_detail {

template <class T, int R>
T& element(const View<T, R>& v, std::size_t i, std::size_t j, std::size_t k) {
  return v.data[static_cast<std::ptrdiff_t>(i) * v.stride[R - 3] + static_cast<std::ptrdiff_t>(j) * v.stride[R - 2] +
                static_cast<std::ptrdiff_t>(k) * v.stride[R - 1]];
}

inline std::size_t steps_of(AllSteps, std::size_t, std::size_t seq) { return seq; }
inline std::size_t steps_of(const std::int32_t* lengths, std::size_t b, std::size_t) { return static_cast<std::size_t>(lengths[b]); }
inline bool lengths_fit(AllSteps, std::size_t, std::size_t) { return true; }
inline bool lengths_fit(const std::int32_t* lengths, std::size_t batch, std::size_t seq) {
  for (std::size_t b = 0; b < batch; ++b)
    if (lengths[b] < 0 || static_cast<std::size_t>(lengths[b]) > seq) return false;
  return true;
}

template <class T, int R>
struct Cell {
  View<T, R> h;
  View<const T, R> x;
  const T *w, *r;
  View<const T, R> bias;
  std::size_t input, hidden, gates;

  // x w + bias for column g, without the recurrent bias if `own_bias_only`.
  T from_input(std::size_t b, std::size_t t, std::size_t g, bool own_bias_only = false) const {
    ProductSum<T> sum(product_block(gates * hidden));
    for (std::size_t k = 0; k < input; ++k) sum.add(element(x, t, b, k), w[g * input + k]);
    const T own = element(bias, 0, 0, g);
    return sum.total() + (own_bias_only ? own : own + element(bias, 0, 0, gates * hidden + g));
  }
  // h r for column g of `columns` that are computed together, h given by its elements.
  template <class Get>
  T from_state(std::size_t g, std::size_t columns, Get get) const {
    ProductSum<T> sum(product_block(columns));
    for (std::size_t k = 0; k < hidden; ++k) sum.add(get(k), r[g * hidden + k]);
    return sum.total();
  }
};

// step(b, t) for each sample's steps in order; y gets the state after it, zeros after the last step.
template <class T, int R, class Lengths, class Step>
Fault run(View<T, R> y, View<T, R> h, View<const T, R> first, Lengths lengths, std::size_t seq, std::size_t batch, std::size_t hidden, bool reverse,
          Step step) {
  if (!lengths_fit(lengths, batch, seq)) return Fault::index_out_of_range;
  for (std::size_t b = 0; b < batch; ++b) {
    for (std::size_t j = 0; j < hidden; ++j) element(h, 0, b, j) = element(first, 0, b, j);
    const std::size_t n = steps_of(lengths, b, seq);
    for (std::size_t s = 0; s < n; ++s) {
      const std::size_t t = reverse ? n - 1 - s : s;
      step(b, t);
      for (std::size_t j = 0; j < hidden; ++j) element(y, t, b, j) = element(h, 0, b, j);
    }
    for (std::size_t t = n; t < seq; ++t)
      for (std::size_t j = 0; j < hidden; ++j) element(y, t, b, j) = T{};
  }
  return Fault::none;
}

}  // namespace recurrent_detail

// h = f(x w + h r + bias). scratch: hidden elements.
template <class T, int R, class Lengths>
Fault rnn(View<T, R> y, View<T, R> h, T* scratch, View<const T, R> x, const T* w, const T* r, View<const T, R> bias, View<const T, R> h0, Lengths lengths,
          std::size_t seq, std::size_t batch, std::size_t input, std::size_t hidden, bool reverse, Sizes<3> kind, Params<3> alpha, Params<3> beta,
          double clip) {
  using recurrent_detail::element;
  const recurrent_detail::Cell<T, R> cell{h, x, w, r, bias, input, hidden, 1};
  const Activations f{kind, alpha, beta, clip};
  return recurrent_detail::run(y, h, h0, lengths, seq, batch, hidden, reverse, [&](std::size_t b, std::size_t t) {
    const auto state = [&](std::size_t k) { return element(h, 0, b, k); };
    for (std::size_t j = 0; j < hidden; ++j) scratch[j] = f.gate(0, cell.from_state(j, hidden, state) + cell.from_input(b, t, j));
    for (std::size_t j = 0; j < hidden; ++j) element(h, 0, b, j) = scratch[j];
  });
}

// Gates z, r, n: n = g(x w + (r h) r_n + bias), or g(x w + bias + r (h r_n + recurrent bias)) if linear_before_reset;
// h = (1 - z) n + z h. h and r h are 0 below the smallest normal number. scratch: 4 hidden elements.
template <class T, int R, class Lengths>
Fault gru(View<T, R> y, View<T, R> h, T* scratch, View<const T, R> x, const T* w, const T* r, View<const T, R> bias, View<const T, R> h0, Lengths lengths,
          std::size_t seq, std::size_t batch, std::size_t input, std::size_t hidden, bool reverse, Sizes<3> kind, Params<3> alpha, Params<3> beta, double clip,
          bool linear_before_reset) {
  using recurrent_detail::element;
  const recurrent_detail::Cell<T, R> cell{h, x, w, r, bias, input, hidden, 3};
  const Activations f{kind, alpha, beta, clip};
  T *const z = scratch, *const reset = scratch + hidden, *const n = reset + hidden, *const reset_h = n + hidden;
  const std::size_t together = linear_before_reset ? 3 * hidden : 2 * hidden;
  return recurrent_detail::run(y, h, h0, lengths, seq, batch, hidden, reverse, [&](std::size_t b, std::size_t t) {
    const auto state = [&](std::size_t k) { return element(h, 0, b, k); };
    for (std::size_t g = 0; g < 2 * hidden; ++g) scratch[g] = f.gate(0, cell.from_state(g, together, state) + cell.from_input(b, t, g));
    for (std::size_t j = 0; j < hidden; ++j) reset_h[j] = normal_or_zero(reset[j] * element(h, 0, b, j));
    for (std::size_t j = 0; j < hidden; ++j) {
      const std::size_t g = 2 * hidden + j;
      const T gate = linear_before_reset
                         ? multiply_add(reset[j], cell.from_state(g, together, state) + element(bias, 0, 0, 3 * hidden + g), cell.from_input(b, t, g, true))
                         : cell.from_state(g, hidden, [&](std::size_t k) { return reset_h[k]; }) + cell.from_input(b, t, g);
      n[j] = f.gate(1, gate);
    }
    for (std::size_t j = 0; j < hidden; ++j) element(h, 0, b, j) = normal_or_zero(multiply_add(z[j], element(h, 0, b, j), (T{1} - z[j]) * n[j]));
  });
}

// Gates i, o, f, c; with peepholes [1, 1, 3 hidden] (i, o, f) c enters the gates: c = f c + i g; h = o h(c).
// coupled: f = 1 - i. h is 0 below the smallest normal number. scratch: 4 hidden elements.
template <class T, int R, class Lengths>
Fault lstm(View<T, R> y, View<T, R> h, View<T, R> c, T* scratch, View<const T, R> x, const T* w, const T* r, View<const T, R> bias, View<const T, R> h0,
           View<const T, R> c0, View<const T, R> peepholes, Lengths lengths, std::size_t seq, std::size_t batch, std::size_t input, std::size_t hidden,
           bool reverse, Sizes<3> kind, Params<3> alpha, Params<3> beta, double clip, bool with_peepholes, bool coupled) {
  using recurrent_detail::element;
  const recurrent_detail::Cell<T, R> cell{h, x, w, r, bias, input, hidden, 4};
  const Activations f{kind, alpha, beta, clip};
  const auto peep = [&](std::size_t gate, std::size_t j, T state, T sum) {
    return with_peepholes ? multiply_add(element(peepholes, 0, 0, gate * hidden + j), state, sum) : sum;
  };
  for (std::size_t b = 0; b < batch; ++b)
    for (std::size_t j = 0; j < hidden; ++j) element(c, 0, b, j) = element(c0, 0, b, j);
  return recurrent_detail::run(y, h, h0, lengths, seq, batch, hidden, reverse, [&](std::size_t b, std::size_t t) {
    const auto state = [&](std::size_t k) { return element(h, 0, b, k); };
    for (std::size_t g = 0; g < 4 * hidden; ++g) scratch[g] = cell.from_state(g, 4 * hidden, state) + cell.from_input(b, t, g);
    for (std::size_t j = 0; j < hidden; ++j) {
      T& memory = element(c, 0, b, j);
      const T in = f.gate(0, peep(0, j, memory, scratch[j]));
      const T forget = coupled ? T{1} - in : f.gate(0, peep(2, j, memory, scratch[2 * hidden + j]));
      memory = multiply_add(in, f.gate(1, scratch[3 * hidden + j]), forget * memory);
      const T out = f.gate(0, peep(1, j, memory, scratch[hidden + j]));
      element(h, 0, b, j) = normal_or_zero(out * f.apply(2, memory));
    }
  });
}

}  // namespace inferc::ref
