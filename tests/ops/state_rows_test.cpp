#include <algorithm>
#include <array>
#include <tuple>

#include "tests/support/op_table.hpp"

// Operators that hand a state on from call to call: linear attention, causal convolution, caches.
namespace inferc::test {
namespace {

std::vector<DType> declared(const char* op, std::size_t input = 0) { return types_in(find_op(op)->inputs[input].types); }

Expected near(Array y, Real allowed) {
  Expected e{std::move(y), {}};
  for (Real& v : e.value.values) {
    e.allowed.push_back(allowed * (1 + std::fabs(v)));
    v = rounded(e.value.dtype, v);
  }
  return e;
}

// --- linear attention on [batch, steps, heads * width]
struct Linear {
  Array q, k, v, past, decay, beta;
  std::int64_t q_heads = 1, heads = 1;
  Real scale = 1;
};

std::vector<Expected> linear_attention(const Linear& p) {
  const std::int64_t batch = p.q.shape[0], steps = p.q.shape[1], key = p.k.shape[2] / p.heads, value = p.v.shape[2] / p.heads;
  const DType t = p.q.dtype;
  Array y(t, {batch, steps, p.q_heads * value}), s = p.past.dtype != DType::undefined ? p.past : Array(t, {batch, p.heads, key, value});
  for_each({batch, p.heads, steps}, [&](const Index& i) {
    const std::int64_t b = i[0], h = i[1], step = i[2];
    const auto row = [&](const Array& a, std::int64_t at) { return a.at({b, step, at}); };
    for (std::int64_t d = 0; p.decay.dtype != DType::undefined && d < key; ++d)
      for (std::int64_t m = 0; m < value; ++m) s.at({b, h, d, m}) *= std::exp(row(p.decay, p.decay.shape[2] == p.heads ? h : h * key + d));
    for (std::int64_t m = 0; m < value; ++m) {
      Real u = row(p.v, h * value + m);
      if (p.beta.dtype != DType::undefined) {
        for (std::int64_t d = 0; d < key; ++d) u -= s.at({b, h, d, m}) * row(p.k, h * key + d);
        u *= row(p.beta, p.beta.shape[2] == 1 ? 0 : h);
      }
      for (std::int64_t d = 0; d < key; ++d) s.at({b, h, d, m}) += row(p.k, h * key + d) * u;
    }
    const std::int64_t group = p.q_heads / p.heads;
    for (std::int64_t head = h * group; head < (h + 1) * group; ++head)
      for (std::int64_t m = 0; m < value; ++m)
        for (std::int64_t d = 0; d < key; ++d) y.at({b, step, head * value + m}) += p.scale * row(p.q, head * key + d) * s.at({b, h, d, m});
  });
  // Every step adds the roundoff of sums over `key` terms of size about one.
  const Real allowed = 16 * static_cast<Real>((steps + 1) * (key + 1)) * roundoff(t);
  return {near(y, allowed), near(s, allowed)};
}

void linear_attention_cases(Cases& cases) {
  unsigned seed = 1;
  for (const DType t : declared("LinearAttention"))
    for (const auto& [batch, steps, q_heads, heads, key, value] :
         std::vector<std::array<std::int64_t, 6>>{{1, 1, 1, 1, 1, 1}, {2, 5, 4, 2, 3, 7}, {1, 3, 3, 3, 4, 17}, {2, 0, 2, 1, 3, 2}})
      for (const char* rule : {"linear", "gated", "delta", "gated_delta"})
        for (const bool wide : {false, true}) {
          const bool gated = rule[0] == 'g', delta = std::string(rule).ends_with("delta");
          Linear p{random(t, {batch, steps, q_heads * key}, seed++, -1, 1),
                   random(t, {batch, steps, heads * key}, seed++, -0.5, 0.5),
                   random(t, {batch, steps, heads * value}, seed++, -1, 1),
                   Array(),
                   Array(),
                   Array(),
                   q_heads,
                   heads};
          if (gated) p.decay = random(t, {batch, steps, wide ? heads * key : heads}, seed++, -1, 0);
          if (delta) p.beta = random(t, {batch, steps, wide ? heads : 1}, seed++, 0, 1);
          if (wide) p.past = random(t, {batch, heads, key, value}, seed++, -1, 1);
          Attributes a{{"q_num_heads", q_heads}, {"kv_num_heads", heads}, {"update_rule", std::string(rule)}};
          p.scale = wide ? 0.5L : 1 / std::sqrt(static_cast<Real>(key));
          if (wide) a["scale"] = 0.5f;
          Case c{{p.q, p.k, p.v, p.past, p.decay, p.beta}, a, linear_attention(p)};
          while (c.inputs.back().dtype == DType::undefined) c.inputs.pop_back();
          cases.push_back(c);
          c.outputs.pop_back();
          cases.push_back(c);
        }
}

void causal_conv(Cases& cases) {
  unsigned seed = 7;
  for (const DType t : declared("CausalConvWithState"))
    for (const auto& [batch, channels, length, taps] :
         std::vector<std::array<std::int64_t, 4>>{{1, 1, 1, 1}, {2, 3, 7, 4}, {1, 2, 2, 5}, {2, 1, 0, 3}, {1, 1, 33, 17}})
      for (const char* activation : {"none", "silu", "swish"})
        for (const bool given : {false, true}) {
          const Array x = random(t, {batch, channels, length}, seed++, -1, 1), w = random(t, {channels, 1, taps}, seed++, -1, 1);
          const Array bias = given ? random(t, {channels}, seed++, -1, 1) : Array(t, {channels});
          const Array past = given ? random(t, {batch, channels, taps - 1}, seed++, -1, 1) : Array(t, {batch, channels, taps - 1});
          const auto padded = [&](std::int64_t b, std::int64_t c, std::int64_t p) { return p < taps - 1 ? past.at({b, c, p}) : x.at({b, c, p - taps + 1}); };
          Array y(t, x.shape), present(t, past.shape);
          for_each(y.shape, [&](const Index& i) {
            Real sum = bias.at({i[1]});
            for (std::int64_t j = 0; j < taps; ++j) sum += w.at({i[1], 0, j}) * padded(i[0], i[1], i[2] + j);
            y.at(i) = activation[0] == 's' ? sum / (1 + std::exp(-sum)) : sum;
          });
          for_each(present.shape, [&](const Index& i) { present.at(i) = padded(i[0], i[1], length + i[2]); });
          Case c{{x, w}, {{"activation", std::string(activation)}}, {near(y, 8 * static_cast<Real>(taps + 1) * roundoff(t)), exact(present)}};
          if (given) c.inputs.push_back(bias), c.inputs.push_back(past);
          cases.push_back(c);
          c.outputs.pop_back();
          cases.push_back(c);
        }
}

void tensor_scatter(Cases& cases) {
  unsigned seed = 9;
  for (const DType t : declared("TensorScatter"))
    for (const auto& [shape, axis, steps] : std::vector<std::tuple<Integers, std::int64_t, std::int64_t>>{
             {{2, 5, 3}, -2, 2}, {{3, 2, 4, 2}, 2, 4}, {{2, 7}, 1, 1}, {{1, 3, 0}, 1, 2}, {{2, 4, 3}, -2, 0}})
      for (const bool circular : {false, true})
        for (const bool given : {false, true}) {
          const auto d = static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(shape.size()) : axis);
          Integers rows = shape;
          rows[d] = steps;
          const Array past = random(t, shape, seed++, -99, 99), update = random(t, rows, seed++, -99, 99);
          Array first(DType::int64, {shape[0]});
          for (std::int64_t b = 0; given && b < shape[0]; ++b)
            first.at({b}) = static_cast<Real>(circular ? shape[d] - 1 + 3 * b : std::min(b, shape[d] - steps));
          Array y = past;
          for_each(rows, [&](const Index& i) {
            Index to = i;
            to[d] = (static_cast<std::int64_t>(first.at({i[0]})) + i[d]) % shape[d];
            y.at(to) = update.at(i);
          });
          Case c{{past, update}, {{"axis", axis}, {"mode", std::string(circular ? "circular" : "linear")}}, {exact(y)}};
          if (given) c.inputs.push_back(first);
          cases.push_back(c);
          if (!given) continue;
          c.inputs[2].values.back() = circular ? -1 : static_cast<Real>(shape[d] - steps + 1);
          c.fault = "out of range";
          cases.push_back(c);
        }
}

const Rows rows({{"LinearAttention", linear_attention_cases}, {"CausalConvWithState", causal_conv}, {"TensorScatter", tensor_scatter}});

}  // namespace
}  // namespace inferc::test
