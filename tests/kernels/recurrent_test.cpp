#include "kernels/cpu/recurrent.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/cpu/pack.hpp"
#include "kernels/ref/recurrent.hpp"
#include "tests/kernels/product.hpp"

namespace inferc {
namespace {

using Floats = std::vector<float>;
using Const = View<const float, 3>;

struct Case {
  std::size_t seq, batch, input, hidden;
  bool reverse = false, from_state = true;
};
constexpr Case cases[] = {{3, 1, 4, 5},           {25, 1, 8, 50, true}, {4, 2, 3, 16, true, false},
                          {2, 27, 5, 17},         {7, 53, 1, 1, true},  {5, 24, 9, 9},
                          {3, 3, 300, 65, false}, {2, 1, 7, 270, true}, {1, 1, 2, 8},
                          {0, 2, 2, 3},           {2, 0, 2, 3},         {6, 25, 16, 22},
                          {2, 5, 33, 64},         {3, 2, 20, 15, true}};

Floats small(std::size_t n, unsigned seed, float scale) {
  Floats out = cancelling(n, seed);
  for (float& x : out) x *= x > 1 || x < -1 ? 1e-6f : scale;
  return out;
}
View<float, 3> dense(Floats& v, std::size_t a, std::size_t b, std::size_t c) {
  return {v.data(), {a, b, c}, {static_cast<std::ptrdiff_t>(b * c), static_cast<std::ptrdiff_t>(c), 1}};
}
Const dense(const Floats& v, std::size_t a, std::size_t b, std::size_t c) {
  return {v.data(), {a, b, c}, {static_cast<std::ptrdiff_t>(b * c), static_cast<std::ptrdiff_t>(c), 1}};
}
// Stored batch first.
Const swapped(const Floats& v, std::size_t a, std::size_t b, std::size_t c) {
  return {v.data(), {a, b, c}, {static_cast<std::ptrdiff_t>(c), static_cast<std::ptrdiff_t>(a * c), 1}};
}
void expect_bits(const Floats& got, const Floats& expected, const char* what, const Case& c) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    ASSERT_EQ(std::bit_cast<std::uint32_t>(got[i]), std::bit_cast<std::uint32_t>(expected[i]))
        << what << ' ' << c.seq << 'x' << c.batch << 'x' << c.input << 'x' << c.hidden << " at " << i << ": " << got[i] << ' ' << expected[i];
}
Floats panels(const Floats& w, std::size_t begin, std::size_t n, std::size_t k) {
  Floats out(cpu::packed_size(k, n));
  cpu::pack_panels(out.data(), w.data() + begin * k, k, n, std::size_t{1}, k);
  return out;
}

// Rows of k elements, `gates` times `hidden`, as the columns of LSTM's weights.
Floats by_unit(const Floats& rows, std::size_t gates, std::size_t hidden, std::size_t k) {
  Floats out(rows.size());
  for (std::size_t row = 0; row < gates * hidden; ++row)
    std::copy_n(rows.data() + row * k, k, out.data() + cpu::gate_column(gates, hidden, row / hidden, row % hidden) * k);
  return out;
}

bool denormal(float x) { return x != 0 && x > -std::numeric_limits<float>::min() && x < std::numeric_limits<float>::min(); }

// Operands of one cell with `gates` gates, and both results of each output.
struct Data {
  Case c;
  std::size_t gates;
  Floats x, w, r, bias, h0, c0, y, h, memory, ref_y, ref_h, ref_memory, scratch, ref_scratch;
  Data(const Case& of, std::size_t g)
      : c(of),
        gates(g),
        x(small(c.seq * c.batch * c.input, 1, 1)),
        w(small(g * c.hidden * c.input, 2, 0.5f)),
        r(small(g * c.hidden * c.hidden, 3, 0.3f)),
        bias(small(2 * g * c.hidden, 4, 1)),
        h0(c.from_state ? small(c.batch * c.hidden, 5, 1) : Floats(c.batch * c.hidden)),
        c0(c.from_state ? small(c.batch * c.hidden, 6, 2) : Floats(c.batch * c.hidden)),
        y(c.seq * c.batch * c.hidden, -7.0f),
        h(c.batch * c.hidden, -7.0f),
        memory(h),
        ref_y(y),
        ref_h(h),
        ref_memory(h),
        scratch((c.batch < cpu::recurrent_rows ? c.batch : cpu::recurrent_rows) * ((c.seq + 1) * g + 1) * c.hidden),
        ref_scratch(4 * c.hidden) {}
  Const x_view() const { return swapped(x, c.seq, c.batch, c.input); }
  View<float, 3> state(Floats& v) const { return dense(v, 1, c.batch, c.hidden); }
  Const state(const Floats& v) const { return dense(v, 1, c.batch, c.hidden); }
  Floats bias_row(std::size_t summed) const {
    const std::size_t n = gates * c.hidden;
    Floats out(bias.begin(), bias.begin() + static_cast<std::ptrdiff_t>(n));
    for (std::size_t j = 0; j < summed; ++j) out[j] += bias[n + j];
    out.insert(out.end(), bias.begin() + static_cast<std::ptrdiff_t>(n + summed), bias.end());
    return gates == 4 ? by_unit(out, gates, c.hidden, 1) : out;
  }
  void compare(const char* what) const {
    for (const float state : ref_y) ASSERT_FALSE(denormal(state)) << what;
    expect_bits(y, ref_y, what, c);
    expect_bits(h, ref_h, what, c);
    expect_bits(memory, ref_memory, what, c);
  }
};

constexpr Params<3> alpha{{0.2, 0.3, 0}}, beta{{0.5, 0.4, 0}};
constexpr std::int64_t kind_of(ref::Activation a) { return static_cast<std::int64_t>(a); }

template <class F, class H0>
void run_lstm(Data& d, const Floats& w, const Floats& r, const Floats& bias, H0 h0, H0 c0) {
  const Case& c = d.c;
  cpu::lstm(Range{std::size_t{0}, c.batch}, dense(d.y, c.seq, c.batch, c.hidden), d.state(d.h), d.state(d.memory), d.scratch.data(), d.x_view(), w.data(),
            r.data(), bias.data(), h0, c0, c.seq, c.input, c.hidden, c.reverse, F{}, functors::tanh{}, functors::tanh{}, alpha, beta);
}
template <class F>
void check_lstm(Data d, ref::Activation kind) {
  const Case& c = d.c;
  const Floats w = panels(by_unit(d.w, 4, c.hidden, c.input), 0, 4 * c.hidden, c.input), bias = d.bias_row(4 * c.hidden);
  const Floats r = panels(by_unit(d.r, 4, c.hidden, c.hidden), 0, 4 * c.hidden, c.hidden);
  if (c.from_state) run_lstm<F>(d, w, r, bias, d.state(std::as_const(d.h0)), d.state(std::as_const(d.c0)));
  else run_lstm<F>(d, w, r, bias, cpu::Omitted{}, cpu::Omitted{});
  const Floats no_peepholes(3 * c.hidden);
  ref::lstm(dense(d.ref_y, c.seq, c.batch, c.hidden), d.state(d.ref_h), d.state(d.ref_memory), d.ref_scratch.data(), d.x_view(), d.w.data(), d.r.data(),
            dense(std::as_const(d.bias), 1, 1, 8 * c.hidden), d.state(std::as_const(d.h0)), d.state(std::as_const(d.c0)),
            dense(no_peepholes, 1, 1, 3 * c.hidden), ref::AllSteps{}, c.seq, c.batch, c.input, c.hidden, c.reverse,
            Sizes<3>{{kind_of(kind), kind_of(ref::Activation::tanh), kind_of(ref::Activation::tanh)}}, alpha, beta, 0.0, false, false);
  d.compare("lstm");
}

template <class F, class H0>
void run_gru(Data& d, bool linear, const Floats& w, const Floats& r, const Floats& bias, H0 h0) {
  const Case& c = d.c;
  const auto run = [&](auto kernel) {
    kernel(Range{std::size_t{0}, c.batch}, dense(d.y, c.seq, c.batch, c.hidden), d.state(d.h), d.scratch.data(), d.x_view(), w.data(), r.data(), bias.data(),
           h0, c.seq, c.input, c.hidden, c.reverse, F{}, functors::tanh{}, alpha, beta);
  };
  if (linear) run([](auto... a) { cpu::gru_linear(a...); });
  else run([](auto... a) { cpu::gru(a...); });
}
template <class F>
void check_gru(Data d, ref::Activation kind, bool linear) {
  const Case& c = d.c;
  const std::size_t n = c.hidden;
  Floats r = panels(d.r, 0, linear ? 3 * n : 2 * n, n);
  if (!linear) {
    const Floats last = panels(d.r, 2 * n, n, n);
    r.insert(r.end(), last.begin(), last.end());
  }
  const Floats w = panels(d.w, 0, 3 * n, c.input), bias = d.bias_row(linear ? 2 * n : 3 * n);
  if (c.from_state) run_gru<F>(d, linear, w, r, bias, d.state(std::as_const(d.h0)));
  else run_gru<F>(d, linear, w, r, bias, cpu::Omitted{});
  ref::gru(dense(d.ref_y, c.seq, c.batch, n), d.state(d.ref_h), d.ref_scratch.data(), d.x_view(), d.w.data(), d.r.data(),
           dense(std::as_const(d.bias), 1, 1, 6 * n), d.state(std::as_const(d.h0)), ref::AllSteps{}, c.seq, c.batch, c.input, n, c.reverse,
           Sizes<3>{{kind_of(kind), kind_of(ref::Activation::tanh), 0}}, alpha, beta, 0.0, linear);
  d.compare(linear ? "gru_linear" : "gru");
}

TEST(Recurrent, LstmGivesTheBitsOfTheReference) {
  for (const Case& c : cases) check_lstm<functors::sigmoid>(Data(c, 4), ref::Activation::sigmoid);
  for (const Case& c : cases) check_lstm<functors::hard_sigmoid>(Data(c, 4), ref::Activation::hard_sigmoid);
}

TEST(Recurrent, GruGivesTheBitsOfTheReference) {
  for (const bool linear : {false, true}) {
    for (const Case& c : cases) check_gru<functors::sigmoid>(Data(c, 3), ref::Activation::sigmoid, linear);
    for (const Case& c : cases) check_gru<functors::hard_sigmoid>(Data(c, 3), ref::Activation::hard_sigmoid, linear);
  }
}

// Without input, from states of the size of the smallest normal number: each step halves them or so.
TEST(Recurrent, StatesBelowTheSmallestNormalNumberAreZero) {
  const auto fading = [](Data d) {
    for (Floats* zeros : {&d.x, &d.bias}) std::fill(zeros->begin(), zeros->end(), 0.0f);
    for (Floats* states : {&d.h0, &d.c0})
      for (float& x : *states) x *= 2e-38f;
    return d;
  };
  const Case c{4, 2, 3, 21};
  check_lstm<functors::sigmoid>(fading(Data(c, 4)), ref::Activation::sigmoid);
  for (const bool linear : {false, true}) check_gru<functors::sigmoid>(fading(Data(c, 3)), ref::Activation::sigmoid, linear);
}

TEST(Recurrent, StaticSizesGiveTheSameBitsWithoutSteps) {
  const Case c{9, 1, 6, 20, true, false};
  Data d(c, 4);
  const Floats w = panels(by_unit(d.w, 4, 20, 6), 0, 80, 6), r = panels(by_unit(d.r, 4, 20, 20), 0, 80, 20), bias = d.bias_row(80);
  run_lstm<functors::sigmoid>(d, w, r, bias, cpu::Omitted{}, cpu::Omitted{});
  Floats h(20), memory(20);
  cpu::lstm(Range{dim<0>{}, dim<1>{}}, cpu::Omitted{}, d.state(h), d.state(memory), d.scratch.data(), d.x_view(), w.data(), r.data(), bias.data(),
            cpu::Omitted{}, cpu::Omitted{}, dim<9>{}, dim<6>{}, dim<20>{}, true, functors::sigmoid{}, functors::tanh{}, functors::tanh{}, alpha, beta);
  expect_bits(h, d.h, "h", c);
  expect_bits(memory, d.memory, "c", c);
}

}  // namespace
}  // namespace inferc
