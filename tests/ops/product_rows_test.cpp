#include <algorithm>

#include "tests/support/op_table.hpp"

// Sums of products: matrices, convolutions, pools, quantised forms. Floats keep rule C against sums in extended
// precision, integers are exact.
namespace inferc::test {
namespace {

std::vector<DType> declared(const char* op, std::size_t input = 0) { return types_in(find_op(op)->inputs[input].types); }

// Sums of products with the sums of their sizes.
struct Sums {
  Array value;
  std::vector<Real> scale;
  std::vector<Wide> wide;

  Sums(DType t, const Integers& shape) : value(t, shape), scale(value.values.size()), wide(value.values.size()) {}
  void add(const Index& i, Real a, Real b = 1) {
    const std::size_t at = value.offset(i);
    value.values[at] += a * b;
    scale[at] += std::fabs(a * b);
    if (!is_real(value.dtype)) wide[at] += static_cast<Wide>(a) * static_cast<Wide>(b);
  }
  [[nodiscard]] Expected expected() const {
    Array y = value;
    for (std::size_t k = 0; k < y.values.size(); ++k) y.values[k] = is_real(y.dtype) ? rounded(y.dtype, y.values[k]) : wrapped(y.dtype, wide[k]);
    return is_real(y.dtype) ? sums(y, scale, y.dtype == DType::float32 ? 4 : 16) : exact(y);
  }
};

Sums matmul_sums(const Array& a0, const Array& b0, DType to) {
  Array a = a0, b = b0;
  const bool row = a.rank() == 1, column = b.rank() == 1;
  if (row) a.shape.insert(a.shape.begin(), 1);
  if (column) b.shape.push_back(1);
  const std::size_t ra = a.shape.size(), rb = b.shape.size();
  Integers out = broadcast_shape({a.shape.begin(), a.shape.end() - 2}, {b.shape.begin(), b.shape.end() - 2});
  const Integers batch = out;
  out.push_back(a.shape[ra - 2]), out.push_back(b.shape[rb - 1]);
  Sums s(to, out);
  for_each(out, [&](const Index& i) {
    Index of_a = i, of_b = i;
    for (std::int64_t k = 0; k < a.shape[ra - 1]; ++k) {
      of_a.back() = k, of_b[of_b.size() - 2] = k;
      // Batch dims broadcast; the last two are whole.
      Index at_a(of_a.end() - static_cast<std::ptrdiff_t>(ra), of_a.end()), at_b(of_b.end() - static_cast<std::ptrdiff_t>(rb), of_b.end());
      for (std::size_t d = 0; d + 2 < ra; ++d)
        if (a.shape[d] == 1) at_a[d] = 0;
      for (std::size_t d = 0; d + 2 < rb; ++d)
        if (b.shape[d] == 1) at_b[d] = 0;
      s.add(i, a.at(at_a), b.at(at_b));
    }
  });
  if (row) s.value.shape.erase(s.value.shape.end() - 2);
  if (column) s.value.shape.pop_back();
  return s;
}

void matmul(Cases& cases) {
  const std::vector<std::pair<Integers, Integers>> shapes{
      {{3, 7}, {7, 5}},     {{1, 1}, {1, 1}},          {{7}, {7, 3}},        {{3, 17}, {17}},       {{5}, {5}},         {{0, 3}, {3, 2}}, {{3, 0}, {0, 2}},
      {{2, 3, 7}, {7, 33}}, {{2, 1, 3, 5}, {4, 5, 2}}, {{33, 65}, {65, 17}}, {{1, 300}, {300, 65}}, {{5, 64}, {64, 64}}};
  unsigned seed = 1;
  for (const DType t : declared("MatMul"))
    for (const auto& [a, b] : shapes) {
      const Array x = random(t, a, seed++), y = random(t, b, seed++);
      const Expected z = matmul_sums(x, y, t).expected();
      cases.push_back({{x, y}, {}, {z}});
      cases.push_back({{x, y}, {}, {z}, {1}});
    }
  // Denormals are kept.
  const Array small = filled(DType::float32, {3, 5}, rounded(DType::float32, 1e-40L)), ones = filled(DType::float32, {5, 17}, 1);
  cases.push_back({{small, ones}, {}, {matmul_sums(small, ones, DType::float32).expected()}});
}

// alpha op(a) op(b) for each transposition.
Sums gemm_sums(const Array& a, const Array& b, bool ta, bool tb, Real alpha) {
  const std::int64_t m = a.shape[ta ? 1 : 0], k = a.shape[ta ? 0 : 1], n = b.shape[tb ? 0 : 1];
  Sums s(a.dtype, {m, n});
  for_each({m, n, k}, [&](const Index& i) {
    s.add({i[0], i[1]}, alpha * a.at(ta ? Index{i[2], i[0]} : Index{i[0], i[2]}), b.at(tb ? Index{i[1], i[2]} : Index{i[2], i[1]}));
  });
  return s;
}

// With each shape of C, and without one.
void gemm_biases(Cases& cases, DType t, bool ta, bool tb, const std::array<std::int64_t, 3>& sizes, unsigned& seed) {
  const auto [m, k, n] = sizes;
  const Array a = random(t, ta ? Integers{k, m} : Integers{m, k}, seed++), b = random(t, tb ? Integers{n, k} : Integers{k, n}, seed++);
  const float alpha = is_real(t) ? 0.5f : 2.0f, beta = is_real(t) ? 0.25f : 3.0f;
  const Sums product = gemm_sums(a, b, ta, tb, static_cast<Real>(alpha));
  for (const Integers& c : std::vector<Integers>{{}, {n}, {m, 1}, {m, n}, {-1}}) {
    const bool bias = c != Integers{-1};
    const Array z = bias ? random(t, c, seed++) : Array();
    Sums s = product;
    if (bias) for_each({m, n}, [&](const Index& i) { s.add(i, static_cast<Real>(beta) * broadcast_at(z, i)); });
    Case one{{a, b}, {{"alpha", alpha}, {"beta", beta}, {"transA", std::int64_t{ta}}, {"transB", std::int64_t{tb}}}, {s.expected()}};
    if (bias) one.inputs.push_back(z);
    cases.push_back(one);
    one.constants = {1, 2};
    cases.push_back(one);
  }
}

void gemm(Cases& cases) {
  unsigned seed = 5;
  for (const DType t : declared("Gemm"))
    for (const bool ta : {false, true})
      for (const bool tb : {false, true})
        for (const std::array<std::int64_t, 3>& sizes :
             std::vector<std::array<std::int64_t, 3>>{{3, 7, 5}, {1, 1, 1}, {1, 33, 17}, {0, 3, 2}, {2, 0, 3}, {17, 65, 33}, {3, 300, 64}})
          gemm_biases(cases, t, ta, tb, sizes, seed);
}

void einsum(Cases& cases) {
  unsigned seed = 8;
  for (const DType t : declared("Einsum")) {
    const Array a = random(t, {3, 7}, seed++), b = random(t, {7, 5}, seed++), c = random(t, {2, 3, 5}, seed++), d = random(t, {2, 7, 5}, seed++),
                sq = random(t, {5, 5}, seed++);
    cases.push_back({{a, b}, {{"equation", std::string("ij,jk->ik")}}, {matmul_sums(a, b, t).expected()}});
    Sums batch(t, {2, 3, 7}), trace(t, {}), every(t, {}), outer(t, {3, 7, 7, 5});
    for_each({2, 3, 7, 5}, [&](const Index& i) { batch.add({i[0], i[1], i[2]}, c.at({i[0], i[1], i[3]}), d.at({i[0], i[2], i[3]})); });
    for_each({5}, [&](const Index& i) { trace.add({}, sq.at({i[0], i[0]})); });
    for_each({3, 7}, [&](const Index& i) { every.add({}, a.at(i)); });
    for_each({3, 7, 7, 5}, [&](const Index& i) { outer.add(i, a.at({i[0], i[1]}), b.at({i[2], i[3]})); });
    cases.push_back({{c, d}, {{"equation", std::string("bik,bjk->bij")}}, {batch.expected()}});
    cases.push_back({{sq}, {{"equation", std::string("ii")}}, {trace.expected()}});
    cases.push_back({{a}, {{"equation", std::string("ij->")}}, {every.expected()}});
    cases.push_back({{a, b}, {{"equation", std::string("ij,kl->ijkl")}}, {outer.expected()}});
  }
}

// --- windows
struct Geometry {
  Integers in, kernel;
  std::int64_t stride = 1, dilation = 1, pad = 0, pad_end = 0;
  [[nodiscard]] std::int64_t out(std::size_t d) const { return (in[d] + pad + pad_end - (kernel[d] - 1) * dilation - 1) / stride + 1; }
  [[nodiscard]] Integers outs() const {
    Integers o;
    for (std::size_t d = 0; d < in.size(); ++d) o.push_back(out(d));
    return o;
  }
  // f(tap, position) for the taps at output o; `inside` tells whether the position is one of the input.
  void taps(const Index& o, const std::function<void(const Index&, const Index&, bool)>& f) const {
    for_each(kernel, [&](const Index& k) {
      Index p(in.size());
      bool inside = true;
      for (std::size_t d = 0; d < in.size(); ++d) {
        p[d] = o[d] * stride + k[d] * dilation - pad;
        inside &= p[d] >= 0 && p[d] < in[d];
      }
      f(k, p, inside);
    });
  }
  [[nodiscard]] Attributes attributes() const {
    const std::size_t s = in.size();
    Integers pads(s, pad);
    pads.resize(2 * s, pad_end);
    return {{"kernel_shape", kernel}, {"strides", Integers(s, stride)}, {"dilations", Integers(s, dilation)}, {"pads", pads}};
  }
};
const std::vector<Geometry> geometries{{{7}, {3}},
                                       {{17}, {4}, 2, 2, 3, 1},
                                       {{1}, {1}},
                                       {{5, 7}, {3, 3}, 1, 1, 1, 1},
                                       {{9, 6}, {3, 2}, 2, 1, 1, 0},
                                       {{7, 7}, {2, 3}, 1, 2, 0, 2},
                                       {{3, 4, 5}, {2, 2, 3}, 2, 1, 1, 1}};

Index joined(Index a, const Index& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
Index rest(const Index& i) { return {i.begin() + 2, i.end()}; }

// x minus zero, w minus zero per filter, plus bias.
Sums conv_sums(DType to, const Array& x, const Array& w, const Geometry& g, std::int64_t groups, Real zero_x = 0, const Array* zero_w = nullptr,
               const Array* bias = nullptr) {
  const std::int64_t filters = w.shape[0], per_group = filters / groups, depth = w.shape[1];
  Sums s(to, joined({x.shape[0], filters}, g.outs()));
  for_each(s.value.shape, [&](const Index& o) {
    g.taps(rest(o), [&](const Index& k, const Index& p, bool inside) {
      for (std::int64_t c = 0; inside && c < depth; ++c)
        s.add(o, x.at(joined({o[0], o[1] / per_group * depth + c}, p)) - zero_x, w.at(joined({o[1], c}, k)) - (zero_w ? broadcast_at(*zero_w, {o[1]}) : 0));
    });
    if (bias) s.add(o, bias->at({o[1]}));
  });
  return s;
}

void conv(Cases& cases) {
  unsigned seed = 2;
  for (const DType t : declared("Conv"))
    for (const Geometry& g : geometries)
      for (const auto& [batch, depth, filters, groups] :
           std::vector<std::array<std::int64_t, 4>>{{1, 1, 1, 1}, {2, 3, 5, 1}, {1, 4, 6, 2}, {2, 3, 3, 3}, {0, 2, 2, 1}, {1, 17, 33, 1}}) {
        const Array x = random(t, joined({batch, depth}, g.in), seed++), w = random(t, joined({filters, depth / groups}, g.kernel), seed++),
                    b = random(t, {filters}, seed++);
        Attributes a = g.attributes();
        a["group"] = groups;
        cases.push_back({{x, w, b}, a, {conv_sums(t, x, w, g, groups, 0, nullptr, &b).expected()}, {1, 2}});
        cases.push_back({{x, w}, a, {conv_sums(t, x, w, g, groups).expected()}});
      }
}

void conv_transpose(Cases& cases) {
  unsigned seed = 3;
  for (const DType t : declared("ConvTranspose"))
    for (const auto& [stride, dilation, pad, extra] : std::vector<std::array<std::int64_t, 4>>{{1, 1, 0, 0}, {2, 1, 1, 1}, {3, 2, 0, 2}, {1, 1, 1, 0}})
      for (const std::int64_t groups : {1, 2}) {
        const Array x = random(t, {2, 4, 5, 3}, seed++), w = random(t, {4, 3, 3, 2}, seed++), b = random(t, {3 * groups}, seed++);
        const auto size = [&, s = stride, d = dilation, p = pad, e = extra](std::int64_t in, std::int64_t k) {
          return (in - 1) * s + e + (k - 1) * d + 1 - 2 * p;
        };
        Sums y(t, {2, 3 * groups, size(5, 3), size(3, 2)});
        for_each({2, 4, 5, 3, 3, 3, 2}, [&, s = stride, d = dilation, p = pad](const Index& i) {  // n c y x m ky kx
          const std::int64_t row = i[2] * s + i[5] * d - p, column = i[3] * s + i[6] * d - p, group = i[1] / (4 / groups);
          if (row < 0 || column < 0 || row >= y.value.shape[2] || column >= y.value.shape[3]) return;
          y.add({i[0], group * 3 + i[4], row, column}, x.at({i[0], i[1], i[2], i[3]}), w.at({i[1], i[4], i[5], i[6]}));
        });
        for_each(y.value.shape, [&](const Index& i) { y.add(i, b.at({i[1]})); });
        cases.push_back({{x, w, b},
                         {{"strides", Integers{stride, stride}},
                          {"dilations", Integers{dilation, dilation}},
                          {"pads", Integers{pad, pad, pad, pad}},
                          {"output_padding", Integers{extra, extra}},
                          {"group", groups}},
                         {y.expected()}});
      }
}

void max_pool(Cases& cases) {
  unsigned seed = 4;
  for (const DType t : declared("MaxPool"))
    for (const Geometry& g : geometries) {
      Array x = random(t, joined({2, 3}, g.in), seed++);
      if (is_real(t)) x.values[x.values.size() / 2] = not_a_number;
      Array y(t, joined({2, 3}, g.outs())), at(DType::int64, y.shape);
      for_each(y.shape, [&](const Index& o) {
        bool any = false;
        g.taps(rest(o), [&](const Index&, const Index& p, bool inside) {
          if (!inside) return;
          const Index from = joined({o[0], o[1]}, p);
          const Real v = x.at(from), best = y.at(o);
          if (any && !(v > best || (std::isnan(v) && !std::isnan(best)))) return;
          any = true, y.at(o) = v, at.at(o) = static_cast<Real>(x.offset(from));
        });
      });
      cases.push_back({{x}, g.attributes(), {exact(y), exact(at)}});
    }
}

void average_pool(Cases& cases) {
  unsigned seed = 5;
  for (const DType t : declared("AveragePool"))
    for (const Geometry& g : geometries)
      for (const std::int64_t include : {0, 1}) {
        const Array x = random(t, joined({1, 3}, g.in), seed++);
        Array y(t, joined({1, 3}, g.outs()));
        std::vector<Real> scale(y.values.size());
        for_each(y.shape, [&](const Index& o) {
          Real n = 0;
          g.taps(rest(o), [&](const Index&, const Index& p, bool inside) {
            if (inside) y.at(o) += x.at(joined({o[0], o[1]}, p)), scale[y.offset(o)] += std::fabs(x.at(joined({o[0], o[1]}, p)));
            if (inside || include != 0) ++n;
          });
          y.at(o) = rounded(t, y.at(o) / n), scale[y.offset(o)] /= n;
        });
        Attributes a = g.attributes();
        a["count_include_pad"] = include;
        cases.push_back({{x}, a, {sums(y, scale, t == DType::float32 ? 4 : 16)}});
      }
}

void lp_pool(Cases& cases) {
  for (const DType t : declared("LpPool"))
    for (const Geometry& g : geometries)
      for (const std::int64_t p : {1, 2, 3}) {
        const Array x = random(t, joined({1, 2}, g.in), 6);
        Array y(t, joined({1, 2}, g.outs()));
        for_each(y.shape, [&](const Index& o) {
          Real sum = 0;
          g.taps(rest(o), [&](const Index&, const Index& at, bool inside) {
            sum += inside ? std::pow(std::fabs(x.at(joined({o[0], o[1]}, at))), static_cast<Real>(p)) : 0;
          });
          y.at(o) = rounded(t, std::pow(sum, 1 / static_cast<Real>(p)));
        });
        Attributes a = g.attributes();
        a["p"] = p;
        std::vector<Real> scale = y.values;
        cases.push_back({{x}, a, {sums(y, scale, 16)}});
      }
}

void global_pool(Cases& cases, const char* op, bool largest) {
  for (const DType t : declared(op))
    for (const Integers& s : std::vector<Integers>{{2, 3, 7}, {1, 1, 1, 1}, {0, 2, 3}, {2, 5, 3, 17}, {1, 2, 3, 1, 5}}) {
      const Array x = random(t, s, 7);
      Integers shape(s.size(), 1);
      shape[0] = s[0], shape[1] = s[1];
      Array y = filled(t, shape, largest ? -infinity : 0);
      std::vector<Real> scale(y.values.size());
      const Real n = static_cast<Real>(elements(rest(s)));
      for_each(s, [&](const Index& i) {
        Index o(i.size(), 0);
        o[0] = i[0], o[1] = i[1];
        if (largest) y.at(o) = std::max(y.at(o), x.at(i));
        else y.at(o) += x.at(i) / n, scale[y.offset(o)] += std::fabs(x.at(i)) / n;
      });
      for (Real& v : y.values) v = rounded(t, v);
      cases.push_back({{x}, {}, {largest ? exact(y) : sums(y, scale, t == DType::float32 ? 4 : 16)}});
    }
}

void det(Cases& cases) {
  for (const DType t : declared("Det")) {
    const Array one = random(t, {3, 1, 1}, 1), two = random(t, {2, 2, 2, 2}, 2), three = random(t, {3, 3}, 3);
    Sums y1(t, {3}), y2(t, {2, 2}), y3(t, {});
    for_each({3}, [&](const Index& i) { y1.add(i, one.at({i[0], 0, 0})); });
    for_each({2, 2}, [&](const Index& i) {
      y2.add(i, two.at({i[0], i[1], 0, 0}), two.at({i[0], i[1], 1, 1}));
      y2.add(i, -two.at({i[0], i[1], 0, 1}), two.at({i[0], i[1], 1, 0}));
    });
    for (std::int64_t k = 0; k < 3; ++k) {
      const auto m = [&](std::int64_t r, std::int64_t c) { return three.at({r, (k + c) % 3}); };
      y3.add({}, m(0, 0), m(1, 1) * m(2, 2));
      y3.add({}, -m(0, 0), m(1, 2) * m(2, 1));
    }
    // Elimination divides: four times the rule of a plain sum.
    for (const auto& [x, y] : std::vector<std::pair<Array, Sums>>{{one, y1}, {two, y2}, {three, y3}}) cases.push_back({{x}, {}, {sums(y.value, y.scale, 16)}});
    for (Expected* e : {&cases[cases.size() - 1].outputs[0], &cases[cases.size() - 2].outputs[0]})
      for (Real& v : e->value.values) v = rounded(t, v);
  }
}

// --- quantised: y = saturate(round half to even(x / scale) + zero)
Real saturated(DType t, Real v) { return std::isnan(v) ? lowest(t) : std::clamp(v, lowest(t), highest(t)); }
Real quantised(DType to, float x, Real zero) {
  const float r = std::nearbyint(x);
  return saturated(to, static_cast<Real>(r) + zero);
}

void quantize(Cases& cases) {
  unsigned seed = 6;
  for (const DType t : declared("QuantizeLinear"))
    for (const DType to : declared("QuantizeLinear", 2)) {
      std::vector<Array> inputs{random(t, {3, 7}, seed++, -300, 300), random(t, {17}, seed++, -9, 9), random(t, {0, 2}, seed++), random(t, {}, seed++),
                                random(t, {2, 3, 5}, seed++, -99, 99)};
      if (t == DType::float32) inputs.push_back(Array(t, {9}, {not_a_number, infinity, -infinity, 1e9L, -1e9L, 0.25L, 0.75L, -0.25L, 1.25L}));
      for (const Array& x : inputs) {
        const Array scale = scalar(DType::float32, 0.5L), zero = scalar(to, is_signed(to) ? -3.0L : 7.0L);
        Array y(to, x.shape), plain(DType::uint8, x.shape);
        for (std::size_t k = 0; k < x.values.size(); ++k) {
          y.values[k] = quantised(to, static_cast<float>(x.values[k]) / 0.5f, zero.values[0]);
          plain.values[k] = quantised(DType::uint8, static_cast<float>(x.values[k]) / 0.5f, 0);
        }
        cases.push_back({{x, scale, zero}, {}, {exact(y)}});
        cases.push_back({{x, scale}, {}, {exact(plain)}});
        cases.push_back({{x, filled(DType::float32, {1}, 0.5L), filled(to, {1}, zero.values[0])}, {}, {exact(y)}});
      }
      const Array x = random(t, {3, 4}, seed++, -50, 50), per_axis = random(DType::float32, {4}, seed++, 0.1, 2), zeros = random(to, {4}, seed++, 0, 5);
      const Array blocks = random(DType::float32, {3, 2}, seed++, 0.1, 2), block_zeros = random(to, {3, 2}, seed++, 0, 5);
      Array y(to, x.shape), z(to, x.shape);
      for_each(x.shape, [&](const Index& i) {
        const Index b{i[0], i[1] / 2};
        y.at(i) = quantised(to, static_cast<float>(x.at(i)) / static_cast<float>(per_axis.at({i[1]})), zeros.at({i[1]}));
        z.at(i) = quantised(to, static_cast<float>(x.at(i)) / static_cast<float>(blocks.at(b)), block_zeros.at(b));
      });
      cases.push_back({{x, per_axis, zeros}, {{"axis", number(-1)}}, {exact(y)}});
      cases.push_back({{x, blocks, block_zeros}, {{"axis", number(1)}, {"block_size", number(2)}}, {exact(z)}});
    }
}

void dequantize(Cases& cases) {
  unsigned seed = 7;
  for (const DType t : declared("DequantizeLinear"))
    for (const Integers& s : std::vector<Integers>{{3, 4}, {2, 4, 7}, {0, 4}, {1, 4}, {}})
      for (const std::int64_t axis : {1, -9}) {
        if (axis == 1 && s.empty()) continue;
        const Array x = random(t, s, seed++, -120, 120), scale = random(DType::float32, axis == 1 ? Integers{4} : Integers{}, seed++, 0.1, 2),
                    zero = random(t, scale.shape, seed++, 0, 9);
        Array y(DType::float32, s), z(DType::float32, s);
        for_each(s, [&](const Index& i) {
          const Index p = axis == 1 ? Index{i[1]} : Index{};
          y.at(i) = static_cast<float>(x.at(i) - zero.at(p)) * static_cast<float>(scale.at(p));
          z.at(i) = static_cast<float>(x.at(i)) * static_cast<float>(scale.at(p));
        });
        const Attributes a = axis == 1 ? Attributes{{"axis", axis}} : Attributes{};
        cases.push_back({{x, scale, zero}, a, {exact(y)}});
        for (Real& v : z.values) v = v == 0 ? 0 : v;
        cases.push_back({{x, scale}, a, {exact(z)}});
      }
}

void dynamic_quantize(Cases& cases) {
  for (const Array& x : {random(DType::float32, {3, 7}, 1, -2, 9), random(DType::float32, {65}, 2, 1, 3), random(DType::float32, {1}, 3),
                         Array(DType::float32, {0}), Array(DType::float32, {3})}) {
    float low = 0, high = 0;
    for (const Real v : x.values) low = std::min(low, static_cast<float>(v)), high = std::max(high, static_cast<float>(v));
    const float scale = low == high ? 1.0f : (high - low) / 255;
    const Real zero = quantised(DType::uint8, -low / scale, 0);
    Array y(DType::uint8, x.shape);
    for (std::size_t k = 0; k < x.values.size(); ++k) y.values[k] = quantised(DType::uint8, static_cast<float>(x.values[k]) / scale, zero);
    cases.push_back({{x}, {}, {exact(y), exact(scalar(DType::float32, scale)), exact(scalar(DType::uint8, zero))}});
  }
}

Array shifted(const Array& a, Real zero) {
  Array out = a;
  for (Real& v : out.values) v -= zero;
  return out;
}

template <class F>
void for_byte_types(F f) {
  for (const DType a : {DType::int8, DType::uint8})
    for (const DType b : {DType::int8, DType::uint8}) f(a, b);
}

void matmul_integer(Cases& cases) {
  unsigned seed = 9;
  for_byte_types([&](DType a, DType b) {
    for (const auto& [s, r] : std::vector<std::pair<Integers, Integers>>{{{3, 7}, {7, 5}}, {{1, 300}, {300, 1}}, {{0, 3}, {3, 2}}, {{2, 3, 17}, {17, 33}}}) {
      const Array x = random(a, s, seed++, -128, 255), y = random(b, r, seed++, -128, 255), zx = scalar(a, 3), zy = scalar(b, 5);
      cases.push_back({{x, y, zx, zy}, {}, {matmul_sums(shifted(x, 3), shifted(y, 5), DType::int32).expected()}});
      cases.push_back({{x, y}, {}, {matmul_sums(x, y, DType::int32).expected()}});
    }
  });
}

Expected requantised(const Sums& s, DType to, float a, float b, float c, Real zero) {
  Array y(to, s.value.shape);
  for (std::size_t k = 0; k < y.values.size(); ++k) y.values[k] = quantised(to, static_cast<float>(static_cast<std::int32_t>(s.wide[k])) * (a * b / c), zero);
  return exact(y);
}

void qlinear_matmul(Cases& cases) {
  unsigned seed = 10;
  for_byte_types([&](DType a, DType b) {
    for (const DType to : {DType::int8, DType::uint8})
      for (const auto& [s, r] : std::vector<std::pair<Integers, Integers>>{{{3, 7}, {7, 5}}, {{1, 1}, {1, 1}}, {{0, 3}, {3, 2}}, {{2, 3, 17}, {17, 33}}}) {
        const Array x = random(a, s, seed++, -128, 255), y = random(b, r, seed++, -128, 255);
        const Sums sum = matmul_sums(shifted(x, 4), shifted(y, 2), DType::int32);
        cases.push_back(
            {{x, scalar(DType::float32, 0.125L), scalar(a, 4), y, scalar(DType::float32, 0.25L), scalar(b, 2), scalar(DType::float32, 8), scalar(to, 11)},
             {},
             {requantised(sum, to, 0.125f, 0.25f, 8.0f, 11)}});
      }
  });
}

void conv_integer(Cases& cases, bool requantise) {
  unsigned seed = 11;
  for_byte_types([&](DType a, DType b) {
    for (const Geometry& g : geometries)
      for (const std::int64_t groups : {1, 2}) {
        const Array x = random(a, joined({2, 4}, g.in), seed++, -128, 255), w = random(b, joined({6, 4 / groups}, g.kernel), seed++, -128, 255),
                    zero_w = random(b, {6}, seed++, 0, 9);
        const Array bias = random(DType::int32, {6}, seed++, -999, 999), one_zero = scalar(b, 0);
        Attributes at = g.attributes();
        at["group"] = groups;
        if (!requantise) {
          cases.push_back({{x, w, scalar(a, 3), zero_w}, at, {conv_sums(DType::int32, x, w, g, groups, 3, &zero_w).expected()}});
          cases.push_back({{x, w}, at, {conv_sums(DType::int32, x, w, g, groups).expected()}});
          continue;
        }
        for (const DType to : {DType::int8, DType::uint8})
          cases.push_back(
              {{x, scalar(DType::float32, 0.125L), scalar(a, 3), w, scalar(DType::float32, 0.5L), one_zero, scalar(DType::float32, 64), scalar(to, 9), bias},
               at,
               {requantised(conv_sums(DType::int32, x, w, g, groups, 3, nullptr, &bias), to, 0.125f, 0.5f, 64.0f, 9)}});
      }
  });
}

const Rows rows({
    {"MatMul", matmul},
    {"Gemm", gemm},
    {"Einsum", einsum},
    {"Conv", conv},
    {"ConvTranspose", conv_transpose},
    {"MaxPool", max_pool},
    {"AveragePool", average_pool},
    {"LpPool", lp_pool},
    {"Det", det},
    {"GlobalAveragePool", [](Cases& c) { global_pool(c, "GlobalAveragePool", false); }},
    {"GlobalMaxPool", [](Cases& c) { global_pool(c, "GlobalMaxPool", true); }},
    {"QuantizeLinear", quantize},
    {"DequantizeLinear", dequantize},
    {"DynamicQuantizeLinear", dynamic_quantize},
    {"MatMulInteger", matmul_integer},
    {"QLinearMatMul", qlinear_matmul},
    {"ConvInteger", [](Cases& c) { conv_integer(c, false); }},
    {"QLinearConv", [](Cases& c) { conv_integer(c, true); }},
});

}  // namespace
}  // namespace inferc::test
