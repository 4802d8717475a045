#include <algorithm>

#include "tests/support/op_table.hpp"

// Attention, recurrent networks and resampling.
namespace inferc::test {
namespace {

std::vector<DType> declared(const char* op, std::size_t input = 0) { return types_in(find_op(op)->inputs[input].types); }

// --- attention: softmax(scale Q K^T + mask) V, heads of K and V shared by groups of heads of Q
struct Problem {
  Array q, k, v, mask;
  Real scale = 0;
  bool causal = false;
  std::int64_t past = 0;
  std::vector<Real> lengths{};  // keys that count, per batch item
};

bool hidden(const Problem& p, std::int64_t b, std::int64_t s, std::int64_t key) {
  if (p.causal && key > s + p.past) return true;
  return !p.lengths.empty() && key >= static_cast<std::int64_t>(p.lengths[static_cast<std::size_t>(b)]);
}

Expected attention(const Problem& p) {
  const Integers &q = p.q.shape, &v = p.v.shape;
  const std::int64_t keys = p.k.shape[2], group = q[1] / std::max<std::int64_t>(p.k.shape[1], 1);
  Expected y = exact(Array(p.q.dtype, {q[0], q[1], q[2], v[3]}));
  y.allowed.resize(y.value.values.size());
  for_each({q[0], q[1], q[2]}, [&](const Index& i) {
    std::vector<Real> score(static_cast<std::size_t>(keys)), size = score;
    Real top = -infinity, largest = 0;
    for (std::int64_t t = 0; t < keys; ++t) {
      Real &s = score[static_cast<std::size_t>(t)], &a = size[static_cast<std::size_t>(t)];
      for (std::int64_t d = 0; d < q[3]; ++d) {
        const Real term = p.scale * p.q.at({i[0], i[1], i[2], d}) * p.k.at({i[0], i[1] / group, t, d});
        s += term, a += std::fabs(term);
      }
      if (p.mask.dtype != DType::undefined) {
        const Real m = broadcast_at(p.mask, {i[0], i[1], i[2], t});
        if (p.mask.dtype == DType::boolean) s = m != 0 ? s : -infinity;
        else s += m, a += std::fabs(m);
      }
      if (hidden(p, i[0], i[2], t)) s = -infinity;
      top = std::max(top, s);
      if (std::isfinite(s)) largest = std::max(largest, a);
    }
    Real sum = 0;
    for (Real& s : score) sum += s = std::exp(s - top);
    for (std::int64_t d = 0; d < v[3]; ++d) {
      Real value = 0, scale = 0;
      for (std::int64_t t = 0; t < keys; ++t) {
        const Real term = score[static_cast<std::size_t>(t)] / sum * p.v.at({i[0], i[1] / group, t, d});
        value += term, scale += std::fabs(term);
      }
      const std::size_t at = y.value.offset({i[0], i[1], i[2], d});
      y.value.values[at] = rounded(p.q.dtype, value);
      // Rule C on the scores, which stand in the exponent of both weight and sum, and on the weighted sum.
      y.allowed[at] = (8 * largest + 16) * roundoff(p.q.dtype) * scale;
    }
  });
  return y;
}

void attention_cases(Cases& cases) {
  unsigned seed = 1;
  for (const DType t : declared("Attention"))
    for (const auto& [batch, heads, kv, rows, keys, width] :
         std::vector<std::array<std::int64_t, 6>>{{1, 1, 1, 1, 1, 1}, {2, 3, 3, 7, 17, 5}, {1, 4, 2, 3, 33, 8}, {2, 2, 1, 0, 3, 4}}) {
      Problem p{random(t, {batch, heads, rows, width}, seed++, -1, 1), random(t, {batch, kv, keys, width}, seed++, -1, 1),
                random(t, {batch, kv, keys, 3}, seed++, -1, 1), Array(), static_cast<Real>(static_cast<float>(1 / std::sqrt(static_cast<double>(width))))};
      cases.push_back({{p.q, p.k, p.v}, {}, {attention(p)}});
      p.scale = 0.5L, p.causal = true;
      cases.push_back({{p.q, p.k, p.v}, {{"scale", 0.5f}, {"is_causal", number(1)}}, {attention(p)}});
      p.causal = false;
      for (const DType m : {t, DType::boolean}) {
        p.mask = random(m, {rows, keys}, seed++, -2, 2);
        for (std::int64_t r = 0; r < rows; ++r) p.mask.at({r, 0}) = m == DType::boolean ? 1 : 0;
        cases.push_back({{p.q, p.k, p.v, p.mask}, {{"scale", 0.5f}}, {attention(p)}});
      }
      p.mask = Array();
      const Problem fresh = p;
      const Array before_k = random(t, {batch, kv, 2, width}, seed++, -1, 1), before_v = random(t, {batch, kv, 2, 3}, seed++, -1, 1);
      const auto with_past = [&](const Array& past, const Array& now) {
        Array all(t, {batch, kv, 2 + keys, now.shape[3]});
        for_each(all.shape, [&](const Index& i) { all.at(i) = i[2] < 2 ? past.at(i) : now.at({i[0], i[1], i[2] - 2, i[3]}); });
        return all;
      };
      p.k = with_past(before_k, fresh.k), p.v = with_past(before_v, fresh.v), p.past = 2, p.causal = true;
      cases.push_back(
          {{fresh.q, fresh.k, fresh.v, Array(), before_k, before_v}, {{"scale", 0.5f}, {"is_causal", number(1)}}, {attention(p), exact(p.k), exact(p.v)}});
      p = fresh;
      p.lengths = std::vector<Real>(static_cast<std::size_t>(batch), static_cast<Real>((keys + 1) / 2));
      cases.push_back({{p.q, p.k, p.v, Array(), Array(), Array(), Array(DType::int64, {batch}, p.lengths)}, {{"scale", 0.5f}}, {attention(p)}});
    }
  for (const DType m : declared("Attention", 3)) {
    const DType t = m == DType::boolean ? DType::float32 : m;
    Problem p{random(t, {1, 1, 2, 3}, 1, -1, 1), random(t, {1, 1, 5, 3}, 2, -1, 1), random(t, {1, 1, 5, 3}, 3, -1, 1), filled(m, {1, 5}, 1), 1};
    cases.push_back({{p.q, p.k, p.v, p.mask}, {{"scale", 1.0f}}, {attention(p)}});
  }
}

// --- recurrent cells, gates in ONNX's order
Real sigmoid(Real x) { return 1 / (1 + std::exp(-x)); }
enum class Cell { rnn, gru, gru_linear, lstm };
std::int64_t gates_of(Cell c) { return c == Cell::rnn ? 1 : c == Cell::lstm ? 4 : 3; }

struct Network {
  Cell cell = Cell::rnn;
  Array x, w, r, b, h0, c0, lengths;
  std::int64_t directions = 1;
  bool reverse = false;
  [[nodiscard]] std::int64_t hidden() const { return r.shape[2]; }
};

struct State {
  std::vector<Real> h, c;
};

// One step of one batch item in direction d.
State step(const Network& n, std::int64_t d, std::int64_t time, std::int64_t item, const State& old) {
  const std::int64_t hidden = n.hidden(), gates = gates_of(n.cell);
  const auto input = [&](std::int64_t row) {
    Real sum = n.b.at({d, row});
    for (std::int64_t k = 0; k < n.x.shape[2]; ++k) sum += n.x.at({time, item, k}) * n.w.at({d, row, k});
    return sum;
  };
  const auto state = [&](std::int64_t row, const std::vector<Real>& h) {
    Real sum = n.b.at({d, gates * hidden + row});
    for (std::int64_t k = 0; k < hidden; ++k) sum += h[static_cast<std::size_t>(k)] * n.r.at({d, row, k});
    return sum;
  };
  State next = old;
  std::vector<Real> reset(old.h.size());
  if (n.cell == Cell::gru)
    for (std::int64_t j = 0; j < hidden; ++j)
      reset[static_cast<std::size_t>(j)] = sigmoid(input(hidden + j) + state(hidden + j, old.h)) * old.h[static_cast<std::size_t>(j)];
  for (std::int64_t j = 0; j < hidden; ++j) {
    const auto at = static_cast<std::size_t>(j);
    const auto gate = [&](std::int64_t g) { return input(g * hidden + j) + state(g * hidden + j, old.h); };
    if (n.cell == Cell::rnn) next.h[at] = std::tanh(gate(0));
    else if (n.cell == Cell::lstm) {
      next.c[at] = sigmoid(gate(2)) * old.c[at] + sigmoid(gate(0)) * std::tanh(gate(3));
      next.h[at] = sigmoid(gate(1)) * std::tanh(next.c[at]);
    } else {
      const Real z = sigmoid(gate(0)), row = 2 * hidden + j;
      const auto line = static_cast<std::int64_t>(row);
      const Real fresh = n.cell == Cell::gru ? input(line) + state(line, reset) : input(line) + sigmoid(gate(1)) * state(line, old.h);
      next.h[at] = (1 - z) * std::tanh(fresh) + z * old.h[at];
    }
  }
  return next;
}

// Errors of the gates' sums pass through functions of slope <= 1 and from step to step.
Expected near(Array y, std::int64_t steps, std::int64_t terms) {
  for (Real& v : y.values) v = rounded(y.dtype, v);
  const Real allowed = 16 * static_cast<Real>(steps + 1) * static_cast<Real>(terms);
  const std::vector<Real> scale(y.values.size(), 1);
  return sums(std::move(y), scale, allowed);
}

std::vector<Expected> recurrent(const Network& n) {
  const std::int64_t steps = n.x.shape[0], batch = n.x.shape[1], hidden = n.hidden();
  Array y(n.x.dtype, {steps, n.directions, batch, hidden}), h(n.x.dtype, {n.directions, batch, hidden}), c = h;
  for_each({n.directions, batch}, [&](const Index& i) {
    const std::int64_t d = i[0], item = i[1];
    State s{std::vector<Real>(static_cast<std::size_t>(hidden)), std::vector<Real>(static_cast<std::size_t>(hidden))};
    for (std::int64_t j = 0; j < hidden; ++j) {
      if (n.h0.dtype != DType::undefined) s.h[static_cast<std::size_t>(j)] = n.h0.at({d, item, j});
      if (n.c0.dtype != DType::undefined) s.c[static_cast<std::size_t>(j)] = n.c0.at({d, item, j});
    }
    const std::int64_t length = n.lengths.dtype == DType::undefined ? steps : static_cast<std::int64_t>(n.lengths.at({item}));
    for (std::int64_t k = 0; k < length; ++k) {
      const std::int64_t time = n.reverse || d == 1 ? length - 1 - k : k;
      s = step(n, d, time, item, s);
      for (std::int64_t j = 0; j < hidden; ++j) y.at({time, d, item, j}) = s.h[static_cast<std::size_t>(j)];
    }
    for (std::int64_t j = 0; j < hidden; ++j) h.at({d, item, j}) = s.h[static_cast<std::size_t>(j)], c.at({d, item, j}) = s.c[static_cast<std::size_t>(j)];
  });
  const std::int64_t terms = n.x.shape[2] + hidden;
  std::vector<Expected> out{near(y, steps, terms), near(h, steps, terms)};
  if (n.cell == Cell::lstm) out.push_back(near(c, steps, terms));
  return out;
}

void recurrent_cases(Cases& cases, const char* op, Cell cell) {
  unsigned seed = 3;
  const std::int64_t gates = gates_of(cell);
  for (const DType t : declared(op))
    for (const auto& [steps, batch, input, hidden] :
         std::vector<std::array<std::int64_t, 4>>{{1, 1, 1, 1}, {3, 2, 5, 7}, {5, 1, 3, 17}, {0, 2, 3, 4}, {2, 0, 3, 4}, {2, 3, 1, 33}})
      for (const char* direction : {"forward", "reverse", "bidirectional"})
        for (const bool lengths : {false, true}) {
          Network n;
          n.cell = cell, n.directions = direction[0] == 'b' ? 2 : 1, n.reverse = direction[0] == 'r';
          n.x = random(t, {steps, batch, input}, seed++, -1, 1), n.w = random(t, {n.directions, gates * hidden, input}, seed++, -1, 1);
          n.r = random(t, {n.directions, gates * hidden, hidden}, seed++, -0.3, 0.3), n.b = random(t, {n.directions, 2 * gates * hidden}, seed++, -1, 1);
          n.h0 = random(t, {n.directions, batch, hidden}, seed++, -1, 1);
          Case c{{n.x, n.w, n.r, n.b, Array(), n.h0}, {{"direction", std::string(direction)}}, {}, {1, 2, 3}};
          if (lengths) c.inputs[4] = n.lengths = random(DType::int32, {batch}, seed++, 0, static_cast<double>(steps));
          if (cell == Cell::gru_linear) c.attributes["linear_before_reset"] = number(1);
          if (cell == Cell::lstm)
            c.inputs.push_back(n.c0 = random(t, {n.directions, batch, hidden}, seed++, -1, 1)), c.inputs.push_back(Array(t, {n.directions, 3 * hidden}));
          c.outputs = recurrent(n);
          cases.push_back(c);
          if (cell == Cell::lstm) c.inputs.pop_back(), cases.push_back(c);
        }
}

void rotary(Cases& cases) {
  unsigned seed = 5;
  for (const std::int64_t interleaved : {0, 1})
    for (const bool ids : {false, true})
      for (const std::int64_t part : {6, 4}) {
        const std::int64_t half = part / 2;
        const Array x = random(DType::float32, {2, 3, 5, 6}, seed++),
                    cos = random(DType::float32, ids ? Integers{7, half} : Integers{2, 5, half}, seed++, -1, 1);
        const Array sin = random(DType::float32, cos.shape, seed++, -1, 1), positions = random(DType::int64, {2, 5}, seed++, 0, 6);
        Expected y = exact(x);
        y.allowed.resize(x.values.size());
        for_each({2, 3, 5, half}, [&](const Index& i) {
          const Index at = ids ? Index{static_cast<std::int64_t>(positions.at({i[0], i[2]})), i[3]} : Index{i[0], i[2], i[3]};
          Index first = i, second = i;
          first[3] = interleaved != 0 ? 2 * i[3] : i[3], second[3] = interleaved != 0 ? 2 * i[3] + 1 : i[3] + half;
          const Real a = x.at(first), b = x.at(second), c = cos.at(at), s = sin.at(at);
          y.value.at(first) = rounded(DType::float32, c * a - s * b), y.value.at(second) = rounded(DType::float32, s * a + c * b);
          y.allowed[x.offset(first)] = 4 * roundoff(DType::float32) * (std::fabs(c * a) + std::fabs(s * b));
          y.allowed[x.offset(second)] = 4 * roundoff(DType::float32) * (std::fabs(s * a) + std::fabs(c * b));
        });
        Case c{{x, cos, sin}, {{"interleaved", interleaved}, {"rotary_embedding_dim", part}}, {y}};
        if (ids) c.inputs.push_back(positions);
        cases.push_back(c);
        if (!ids) continue;
        c.inputs.back().values[3] = 7;
        c.fault = "out of range";
        cases.push_back(c);
      }
}

// --- resampling
struct Tap {
  std::int64_t at;
  Real weight;
};

enum class Resampling { nearest, linear, antialiased };

// Half-pixel centres; nearest takes the floor of ties (round_prefer_floor), linear clamps at the border. Antialiased: the
// triangle is as wide as an element of the result, where that is larger.
std::vector<Tap> resize_taps(std::int64_t o, std::int64_t from, std::int64_t to, Resampling how) {
  const Real x = (static_cast<Real>(o) + 0.5L) * static_cast<Real>(from) / static_cast<Real>(to) - 0.5L;
  const auto clamp = [&](Real v) { return static_cast<std::int64_t>(std::clamp(v, Real{0}, static_cast<Real>(from - 1))); };
  if (how == Resampling::nearest) return {{clamp(std::ceil(x - 0.5L)), 1}};
  if (how == Resampling::antialiased && to < from) {
    std::vector<Tap> out;
    Real total = 0;
    for (std::int64_t at = -2 * from; at < 3 * from; ++at) {
      const Real weight = std::max<Real>(0, 1 - std::fabs(static_cast<Real>(at) - x) * static_cast<Real>(to) / static_cast<Real>(from));
      if (weight > 0) out.push_back({clamp(static_cast<Real>(at)), weight}), total += weight;
    }
    for (Tap& t : out) t.weight /= total;
    return out;
  }
  const Real low = std::floor(x);
  return {{clamp(low), low + 1 - x}, {clamp(low + 1), x - low}};
}

void resize(Cases& cases) {
  unsigned seed = 6;
  for (const DType t : declared("Resize"))
    for (const auto& [in, out] : std::vector<std::pair<Integers, Integers>>{{{1, 2, 3, 5}, {1, 2, 6, 10}},
                                                                            {{2, 1, 4, 8}, {2, 1, 2, 4}},
                                                                            {{1, 1, 1, 1}, {1, 1, 3, 7}},
                                                                            {{1, 1, 4}, {1, 1, 16}},
                                                                            {{1, 2, 8, 16}, {1, 2, 2, 10}}})
      for (const Resampling how : {Resampling::nearest, Resampling::linear, Resampling::antialiased}) {
        const bool linear = how != Resampling::nearest;
        if (linear && !is_real(t)) continue;
        const Array x = random(t, in, seed++, -9, 9);
        Array y(t, out);
        std::vector<Real> scale(y.values.size());
        for_each(out, [&, in = in, out = out](const Index& o) {
          std::vector<std::pair<Index, Real>> taps{{Index{}, 1}};
          for (std::size_t d = 0; d < o.size(); ++d) {
            std::vector<std::pair<Index, Real>> next;
            for (const auto& [i, w] : taps)
              for (const Tap& tap : resize_taps(o[d], in[d], out[d], how)) {
                next.emplace_back(i, w * tap.weight);
                next.back().first.push_back(tap.at);
              }
            taps = next;
          }
          for (const auto& [i, w] : taps) y.at(o) += w * x.at(i), scale[y.offset(o)] += std::fabs(w * x.at(i));
          y.at(o) = rounded(t, y.at(o));
        });
        const Expected e = linear ? sums(y, scale, 16) : exact(y);
        const Attributes a{{"mode", std::string(linear ? "linear" : "nearest")}, {"antialias", number(how == Resampling::antialiased)}};
        Array scales(DType::float32, {x.rank()});
        for (std::size_t d = 0; d < in.size(); ++d) scales.values[d] = static_cast<Real>(out[d]) / static_cast<Real>(in[d]);
        cases.push_back({{x, Array(), Array(), integers(out)}, a, {e}, {1, 2, 3}});
        for (const DType roi : declared("Resize", 1)) cases.push_back({{x, Array(roi, {0}), scales}, a, {e}, {1, 2, 3}});
      }
}

void grid_sample(Cases& cases) {
  unsigned seed = 7;
  for (const DType t : declared("GridSample"))
    for (const DType g : declared("GridSample", 1))
      for (const std::int64_t corners : {0, 1})
        for (const char* padding : {"zeros", "border"})
          for (const bool linear : {false, true}) {
            if (linear && !is_real(t)) continue;
            const Array x = random(t, {2, 3, 4, 5}, seed++, -9, 9), grid = random(g, {2, 3, 7, 2}, seed++, -1.4, 1.4);
            Array y(t, {2, 3, 3, 7});
            std::vector<Real> scale(y.values.size());
            for_each(y.shape, [&](const Index& o) {
              const auto pixel = [&](std::int64_t axis, std::int64_t size) {
                const Real v = grid.at({o[0], o[2], o[3], axis}), n = static_cast<Real>(size);
                const Real p = corners != 0 ? (v + 1) / 2 * (n - 1) : ((v + 1) * n - 1) / 2;
                return padding[0] == 'b' ? std::clamp(p, Real{0}, n - 1) : p;
              };
              const auto add = [&](Real row, Real column, Real w) {
                if (row < 0 || column < 0 || row > 3 || column > 4) return;
                const Real v = x.at({o[0], o[1], static_cast<std::int64_t>(row), static_cast<std::int64_t>(column)});
                y.at(o) += w * v, scale[y.offset(o)] += 6 * std::fabs(v);
              };
              const Real px = pixel(0, 5), py = pixel(1, 4), fx = std::floor(px), fy = std::floor(py);
              if (!linear) add(std::nearbyint(py), std::nearbyint(px), 1);
              else
                for (int k = 0; k < 4; ++k) add(fy + k / 2, fx + k % 2, (k / 2 == 0 ? fy + 1 - py : py - fy) * (k % 2 == 0 ? fx + 1 - px : px - fx));
              y.at(o) = rounded(t, y.at(o));
            });
            cases.push_back({{x, grid},
                             {{"align_corners", corners}, {"padding_mode", std::string(padding)}, {"mode", std::string(linear ? "linear" : "nearest")}},
                             {linear ? sums(y, scale, 4) : exact(y)}});
          }
}

const Rows rows({
    {"Attention", attention_cases},
    {"RNN", [](Cases& c) { recurrent_cases(c, "RNN", Cell::rnn); }},
    {"GRU", [](Cases& c) { recurrent_cases(c, "GRU", Cell::gru), recurrent_cases(c, "GRU", Cell::gru_linear); }},
    {"LSTM", [](Cases& c) { recurrent_cases(c, "LSTM", Cell::lstm); }},
    {"RotaryEmbedding", rotary},
    {"Resize", resize},
    {"GridSample", grid_sample},
});

}  // namespace
}  // namespace inferc::test
