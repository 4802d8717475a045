#include <algorithm>
#include <numeric>

#include "tests/support/op_table.hpp"

// Operators along axes: reductions, extrema, sorted prefixes, running sums, softmax and the normalisations. Sums of
// floats keep rule C, all else is exact or keeps rule B.
namespace inferc::test {
namespace {

std::vector<DType> declared(const char* op, std::size_t input = 0) { return types_in(find_op(op)->inputs[input].types); }

struct Result {
  Real value = 0;
  Real allowed = -1;  // exact
};
using Terms = std::vector<Real>;
using Reduction = Result (*)(DType, const Terms&);

Real total(const Terms& x) { return std::accumulate(x.begin(), x.end(), Real{0}); }
Real total_size(const Terms& x) {
  return std::accumulate(x.begin(), x.end(), Real{0}, [](Real sum, Real v) { return sum + std::fabs(v); });
}
Terms mapped(Terms x, Real (*f)(Real)) {
  std::transform(x.begin(), x.end(), x.begin(), f);
  return x;
}
Wide wide_sum(const Terms& x) {
  return std::accumulate(x.begin(), x.end(), Wide{0}, [](Wide sum, Real v) { return sum + static_cast<Wide>(v); });
}
// Units of rule C: terms of one sign drift with the square root of the block.
Real units(DType t, const Terms& x, bool one_sign) {
  if (t == DType::float64) return 16;
  return one_sign ? 4 + std::sqrt(std::min<Real>(static_cast<Real>(x.size()), 256)) : 4;
}
Result summed(DType t, const Terms& x, bool one_sign) {
  if (!is_real(t)) return {wrapped(t, wide_sum(x))};
  return {total(x), units(t, x, one_sign) * roundoff(t) * total_size(x)};
}
// A function of a sum: its derivative times the sum's error, and its own.
Result after(DType t, const Result& sum, Real (*f)(Real), Real slope) {
  if (!is_real(t)) return {std::trunc(static_cast<Real>(static_cast<double>(f(sum.value))))};
  const Real y = f(sum.value);
  return {y, std::isfinite(y) ? std::fabs(slope * sum.allowed) + 4 * ulp(t, y) : 0};
}

// The elements of x that fall to each result when `gone` dims are reduced, results in row-major order.
std::vector<Terms> groups(const Array& x, const std::vector<bool>& gone, Integers& kept) {
  kept = x.shape;
  for (std::size_t d = 0; d < kept.size(); ++d)
    if (gone[d]) kept[d] = 1;
  std::vector<Terms> out(static_cast<std::size_t>(elements(kept)));
  const Array place(DType::int64, kept);
  for_each(x.shape, [&](Index i) {
    const Real v = x.at(i);
    for (std::size_t d = 0; d < i.size(); ++d)
      if (gone[d]) i[d] = 0;
    out[place.offset(i)].push_back(v);
  });
  return out;
}

Expected reduced(const Array& x, const std::vector<bool>& gone, bool keep, Reduction f) {
  Integers kept, shape;
  Expected y;
  const auto parts = groups(x, gone, kept);
  for (std::size_t d = 0; d < kept.size(); ++d)
    if (keep || !gone[d]) shape.push_back(kept[d]);
  y.value = Array(x.dtype, shape);
  for (std::size_t k = 0; k < parts.size(); ++k) {
    const Result r = f(x.dtype, parts[k]);
    y.value.values[k] = rounded(x.dtype, r.value);
    if (r.allowed >= 0) y.allowed.push_back(r.allowed + ulp(x.dtype, 0));
  }
  return y;
}

void reduction(Cases& cases, const char* op, Reduction f, double low = -5, double high = 5) {
  const std::vector<std::pair<Integers, std::vector<Integers>>> all{{{3, 7, 5}, {{0}, {1}, {-1}, {0, 1}, {1, 2}, {-3, 2}, {0, 1, 2}}},
                                                                    {{17}, {{0}}},
                                                                    {{65, 2}, {{0}, {1}}},
                                                                    {{2, 1, 33}, {{2}, {0}}},
                                                                    {{0}, {{0}}},
                                                                    {{3, 0}, {{0}, {1}}},
                                                                    {{1}, {{0}}},
                                                                    {{2, 3, 1029}, {{-1}, {0, 2}}},
                                                                    {{}, {}}};
  unsigned seed = 1;
  for (const DType t : declared(op))
    for (const auto& [shape, choices] : all) {
      const Array x = random(t, shape, seed++, low, high);
      const std::vector<bool> every(shape.size(), true), no_dims(shape.size(), false);
      cases.push_back({{x}, {{"keepdims", number(0)}}, {reduced(x, every, false, f)}});
      cases.push_back({{x, integers({})}, {}, {reduced(x, every, true, f)}, {1}});
      cases.push_back({{x, integers({})}, {{"noop_with_empty_axes", number(1)}}, {reduced(x, no_dims, true, f)}, {1}});
      for (const Integers& axes : choices)
        for (const std::int64_t keep : {0, 1}) {
          std::vector<bool> gone(shape.size(), false);
          for (const std::int64_t a : axes) gone[static_cast<std::size_t>(a < 0 ? a + x.rank() : a)] = true;
          cases.push_back({{x, integers(axes)}, {{"keepdims", keep}}, {reduced(x, gone, keep != 0, f)}, {1}});
        }
    }
}

void extreme(Cases& cases, const char* op, bool largest) {
  reduction(cases, op,
            largest ? static_cast<Reduction>([](DType t, const Terms& x) -> Result {
              return {x.empty() ? (is_real(t) ? -infinity : lowest(t)) : *std::max_element(x.begin(), x.end())};
            })
                    : static_cast<Reduction>([](DType t, const Terms& x) -> Result {
                        return {x.empty() ? (is_real(t) ? infinity : highest(t)) : *std::min_element(x.begin(), x.end())};
                      }));
  for (const DType t : {DType::float32, DType::float64})
    for (const std::int64_t at : {0, 7, 39}) {
      Array x = random(t, {2, 40}, 3);
      x.at({1, at}) = not_a_number;
      const Array first = random(t, {1, 40}, 3);
      const Real other = largest ? *std::max_element(x.values.begin(), x.values.begin() + 40) : *std::min_element(x.values.begin(), x.values.begin() + 40);
      cases.push_back({{x, integers({1})}, {{"keepdims", number(0)}}, {exact(Array(t, {2}, {other, not_a_number}))}, {1}});
    }
}

// --- order along an axis: a NaN is larger than all; ties go to the lower index
bool before(Real a, Real b, bool largest) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) != std::isnan(b) && std::isnan(a) == largest;
  return largest ? a > b : a < b;
}
// f(base index with 0 along the axis) for each line.
void lines(const Integers& shape, std::size_t axis, const std::function<void(Index)>& f) {
  Integers outer = shape;
  outer[axis] = 1;
  for_each(outer, f);
}
Terms line(const Array& x, Index at, std::size_t axis) {
  Terms out;
  for (at[axis] = 0; at[axis] < x.shape[axis]; ++at[axis]) out.push_back(x.at(at));
  return out;
}

std::vector<std::int64_t> order(const Terms& x, bool largest) {
  std::vector<std::int64_t> out(x.size());
  std::iota(out.begin(), out.end(), 0);
  std::stable_sort(out.begin(), out.end(),
                   [&](std::int64_t a, std::int64_t b) { return before(x[static_cast<std::size_t>(a)], x[static_cast<std::size_t>(b)], largest); });
  return out;
}

// Tensors with ties and, for floats, a NaN.
std::vector<Array> orderable(DType t) {
  std::vector<Array> out;
  unsigned seed = 60;
  for (const Integers& s : std::vector<Integers>{{1}, {3}, {65}, {2, 17}, {3, 7, 5}, {2, 1, 33}, {0, 3}}) out.push_back(random(t, s, seed++, -6, 6));
  for (Array& a : out)
    for (Real& v : a.values) v = std::trunc(v);
  for (Real& v : out[2].values) v = v == 0 ? 0 : v;
  if (is_real(t)) out[3].values[20] = not_a_number;
  return out;
}

void arg_extreme(Cases& cases, const char* op, bool largest) {
  for (const DType t : declared(op))
    for (const Array& x : orderable(t))
      for (std::int64_t axis = -x.rank(); axis < x.rank(); ++axis)
        for (const std::int64_t keep : {0, 1})
          for (const std::int64_t last : {0, 1}) {
            const auto d = static_cast<std::size_t>(axis < 0 ? axis + x.rank() : axis);
            Integers shape = x.shape;
            shape[d] = 1;
            if (x.shape[d] == 0) continue;
            Array y(DType::int64, shape);
            lines(x.shape, d, [&](Index i) {
              const Terms v = line(x, i, d);
              std::size_t best = 0;
              for (std::size_t k = 1; k < v.size(); ++k)
                if (before(v[k], v[best], largest) || (last != 0 && !before(v[best], v[k], largest))) best = k;
              y.at(i) = static_cast<Real>(best);
            });
            if (keep == 0) y.shape.erase(y.shape.begin() + static_cast<std::ptrdiff_t>(d));
            cases.push_back({{x}, {{"axis", axis}, {"keepdims", keep}, {"select_last_index", last}}, {exact(y)}});
          }
}

void top_k(Cases& cases) {
  for (const DType t : declared("TopK"))
    for (const Array& x : orderable(t))
      for (std::int64_t axis = -x.rank(); axis < x.rank(); ++axis)
        for (const std::int64_t largest : {0, 1})
          for (const std::int64_t limit : {0, 1, 5, 1000}) {
            const auto d = static_cast<std::size_t>(axis < 0 ? axis + x.rank() : axis);
            const std::int64_t k = std::min(limit, x.shape[d]);
            Integers shape = x.shape;
            shape[d] = k;
            Array values(t, shape), places(DType::int64, shape);
            lines(x.shape, d, [&](Index i) {
              const Terms v = line(x, i, d);
              const auto sorted = order(v, largest != 0);
              for (i[d] = 0; i[d] < k; ++i[d]) {
                const std::int64_t from = sorted[static_cast<std::size_t>(i[d])];
                values.at(i) = v[static_cast<std::size_t>(from)];
                places.at(i) = static_cast<Real>(from);
              }
            });
            cases.push_back({{x, integers({k})}, {{"axis", axis}, {"largest", largest}}, {exact(values), exact(places)}, {1}});
          }
}

// The product of up to 33 factors; the error of each step is relative to its result.
Result multiplied(DType t, const Terms& x, bool) {
  if (!is_real(t))
    return {std::accumulate(x.begin(), x.end(), Real{1}, [&](Real y, Real v) { return wrapped(t, static_cast<Wide>(y) * static_cast<Wide>(v)); })};
  const Real y = std::accumulate(x.begin(), x.end(), Real{1}, std::multiplies<>());
  return {y, static_cast<Real>(x.size() + 1) * 2 * roundoff(t) * std::fabs(y)};
}

void cumulative(Cases& cases, const char* op, Result (*joined)(DType, const Terms&, bool)) {
  unsigned seed = 2;
  for (const DType t : declared(op))
    for (const Integers& s : std::vector<Integers>{{1}, {17}, {0}, {3, 7, 5}, {2, 33}})
      for (std::int64_t axis = -static_cast<std::int64_t>(s.size()); axis < static_cast<std::int64_t>(s.size()); ++axis)
        for (const std::int64_t exclusive : {0, 1})
          for (const std::int64_t reverse : {0, 1}) {
            const Array x = random(t, s, seed++, -9, 9);
            const auto d = static_cast<std::size_t>(axis < 0 ? axis + x.rank() : axis);
            Expected y = exact(Array(t, s));
            if (is_real(t)) y.allowed.resize(x.values.size());
            lines(s, d, [&](Index i) {
              for (std::int64_t k = 0; k < s[d]; ++k) {
                Terms v;
                for (std::int64_t j = 0; j < s[d]; ++j) {
                  i[d] = j;
                  const bool in = reverse != 0 ? j >= k + exclusive : j <= k - exclusive;
                  if (in) v.push_back(x.at(i));
                }
                i[d] = k;
                const Result r = joined(t, v, false);
                y.value.at(i) = rounded(t, r.value);
                if (is_real(t)) y.allowed[y.value.offset(i)] = r.allowed;
              }
            });
            const DType at = seed % 2 == 0 ? DType::int64 : DType::int32;
            const Case c{{x, scalar(at, static_cast<Real>(axis))}, {{"exclusive", exclusive}, {"reverse", reverse}}, {y}, {1}};
            cases.push_back(c);
            cases.push_back(c);
            cases.back().constants.clear();
          }
}

// --- softmax
enum class Soft { soft, log, hard };
void softmax_line(Expected& y, const Terms& x, const std::vector<std::size_t>& at, Soft kind) {
  const DType t = y.value.dtype;
  const Real top = x.empty() ? 0 : *std::max_element(x.begin(), x.end());
  const auto first = std::find(x.begin(), x.end(), top) - x.begin();
  Real sum = 0;
  for (const Real v : x) sum += std::exp(v - top);
  const bool poisoned = std::any_of(x.begin(), x.end(), [](Real v) { return std::isnan(v); }) || std::isinf(top);
  for (std::size_t k = 0; k < x.size(); ++k) {
    Real v = kind == Soft::hard ? static_cast<std::ptrdiff_t>(k) == first : kind == Soft::soft ? std::exp(x[k] - top) / sum : x[k] - top - std::log(sum);
    if (poisoned) v = not_a_number;
    y.value.values[at[k]] = rounded(t, v);
    // The difference to the maximum is rounded once: an error of half a unit of it in the exponent.
    const Real slip = std::fabs(x[k] - top);
    if (kind != Soft::hard) y.allowed[at[k]] = kind == Soft::soft ? (8 + slip) * roundoff(t) * v + ulp(t, 0) : 8 * roundoff(t) * (slip + std::log(sum) + 1);
  }
}

void softmax(Cases& cases, const char* op, Soft kind) {
  unsigned seed = 12;
  for (const DType t : declared(op)) {
    std::vector<Array> inputs;
    for (const Integers& s : std::vector<Integers>{{1}, {3}, {0}, {2, 0}, {65, 7}, {3, 17, 2}, {2, 1, 33}, {5, 129}})
      inputs.push_back(random(t, s, seed++, -20, 20));
    if (kind == Soft::soft)
      for (const Terms& v : std::vector<Terms>{{-infinity, -infinity, -infinity}, {infinity, 0, 1}, {not_a_number, 0, 1}, {-infinity, 0, 0}})
        inputs.push_back(Array(t, {3}, v));
    inputs.push_back(Array(t, {2}, {rounded(t, 1e38L), rounded(t, 1e38L)}));
    for (const Array& x : inputs)
      for (const std::int64_t flat : {0, 1})
        for (std::int64_t axis = -x.rank(); axis < x.rank(); ++axis) {
          const auto d = static_cast<std::size_t>(axis < 0 ? axis + x.rank() : axis);
          Expected y = exact(Array(t, x.shape));
          if (kind != Soft::hard) y.allowed.resize(x.values.size());
          Integers outer = x.shape;
          for (std::size_t k = d; k < outer.size(); ++k)
            if (k == d || flat != 0) outer[k] = 1;
          for_each(outer, [&](const Index& base) {
            Terms v;
            std::vector<std::size_t> at;
            Integers inner = x.shape;
            for (std::size_t k = 0; k < inner.size(); ++k)
              if (outer[k] == x.shape[k] && !(k == d || (flat != 0 && k > d))) inner[k] = 1;
            for_each(inner, [&](Index i) {
              for (std::size_t k = 0; k < i.size(); ++k) i[k] += base[k];
              at.push_back(x.offset(i));
              v.push_back(x.at(i));
            });
            softmax_line(y, v, at, kind);
          });
          cases.push_back({{x}, {{"axis", axis}, {"flatten", flat}}, {y}});
        }
  }
}

// --- normalisation: y = (x - mean) / sqrt(var + eps) * scale + bias
struct Moments {
  Real mean, inverse;
};
Moments moments(const Terms& x, Real epsilon, bool centred) {
  const Real n = static_cast<Real>(x.size()), mean = centred ? total(x) / n : 0;
  Real var = 0;
  for (const Real v : x) var += (v - mean) * (v - mean);
  return {mean, 1 / std::sqrt(var / n + epsilon)};
}

using Place = std::function<Index(const Index&)>;  // where an element finds its group, scale or bias

// Elements with equal `group` are normalised together.
Expected normalised(const Array& x, const Integers& group_shape, const Place& group, const Place& parameter, const Array* scale, const Array* bias,
                    Real epsilon, bool centred) {
  std::vector<Terms> parts(static_cast<std::size_t>(elements(group_shape)));
  const Array place(DType::int64, group_shape);
  for_each(x.shape, [&](const Index& i) { parts[place.offset(group(i))].push_back(x.at(i)); });
  std::vector<Moments> m;
  for (const Terms& p : parts) m.push_back(moments(p, epsilon, centred));
  Expected y = exact(Array(x.dtype, x.shape));
  y.allowed.resize(x.values.size());
  for_each(x.shape, [&](const Index& i) {
    const Moments& q = m[place.offset(group(i))];
    const Real s = scale ? broadcast_at(*scale, parameter(i)) : 1, b = bias ? broadcast_at(*bias, parameter(i)) : 0;
    const Real v = (x.at(i) - q.mean) * q.inverse * s + b;
    y.value.at(i) = rounded(x.dtype, v);
    y.allowed[x.offset(i)] = 16 * roundoff(x.dtype) * ((std::fabs(x.at(i)) + std::fabs(q.mean)) * q.inverse * std::fabs(s) + std::fabs(b));
  });
  return y;
}

Integers leading(const Integers& shape, std::size_t n) { return {shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(n)}; }
Integers trailing(const Integers& shape, std::size_t from) { return {shape.begin() + static_cast<std::ptrdiff_t>(from), shape.end()}; }

void over_trailing(Cases& cases, const char* op, bool centred) {
  unsigned seed = 33;
  for (const DType t : declared(op))
    for (const Integers& s : std::vector<Integers>{{3, 7}, {1, 1}, {0, 5}, {2, 3, 17}, {5, 64}, {2, 65}, {1, 129}})
      for (std::int64_t axis = -static_cast<std::int64_t>(s.size()); axis < static_cast<std::int64_t>(s.size()); ++axis) {
        const auto d = static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(s.size()) : axis);
        if (d == 0 && s[0] == 0) continue;
        const Array x = random(t, s, seed++, -3, 5), scale = random(t, trailing(s, d), seed++), bias = random(t, trailing(s, d), seed++);
        const Place group = [&](const Index& i) { return leading(i, d); }, parameter = [&](const Index& i) { return i; };
        const Attributes a{{"axis", axis}, {"epsilon", 1e-3f}};
        const Real epsilon = static_cast<Real>(1e-3f);
        cases.push_back({{x, scale}, a, {normalised(x, leading(s, d), group, parameter, &scale, nullptr, epsilon, centred)}});
        if (centred) cases.push_back({{x, scale, bias}, a, {normalised(x, leading(s, d), group, parameter, &scale, &bias, epsilon, centred)}});
      }
}

void over_channels(Cases& cases, const char* op, std::int64_t groups, bool per_group) {
  unsigned seed = 44;
  for (const DType t : declared(op))
    for (const Integers& s : std::vector<Integers>{{2, 6, 5}, {1, 6, 1, 7}, {3, 6, 3, 3}, {0, 6, 2}}) {
      const std::int64_t n = groups == 0 ? s[1] : groups, width = s[1] / n;
      const Array x = random(t, s, seed++, -2, 4), scale = random(t, {per_group ? n : s[1]}, seed++), bias = random(t, scale.shape, seed++);
      Attributes a{{"epsilon", 1e-2f}};
      if (groups != 0) a["num_groups"] = groups;
      if (per_group) a["per_group"] = number(1);
      const Place group = [&](const Index& i) { return Index{i[0], i[1] / width}; };
      const Place parameter = [&](const Index& i) { return Index{per_group ? i[1] / width : i[1]}; };
      cases.push_back({{x, scale, bias}, a, {normalised(x, {s[0], n}, group, parameter, &scale, &bias, static_cast<Real>(1e-2f), true)}});
    }
}

void batch_normalization(Cases& cases) {
  for (const DType t : declared("BatchNormalization"))
    for (const DType u : declared("BatchNormalization", 1))
      for (const DType w : declared("BatchNormalization", 3))
        for (const Integers& s : std::vector<Integers>{{2, 3}, {1, 3, 17}, {2, 3, 1, 5}, {0, 3, 2}}) {
          const Array x = random(t, s, 1), scale = random(u, {3}, 2), bias = random(u, {3}, 3), mean = random(w, {3}, 4), var = random(w, {3}, 5, 0.1, 3);
          Expected y = exact(Array(t, s));
          for_each(s, [&](const Index& i) {
            const Index c{i[1]};
            const Real inverse = 1 / std::sqrt(var.at(c) + static_cast<Real>(1e-3f)), a = inverse * scale.at(c), v = (x.at(i) - mean.at(c)) * a + bias.at(c);
            y.value.at(i) = rounded(t, v);
            const Real unit = std::max({roundoff(t), roundoff(u), roundoff(w)});
            y.allowed.push_back(16 * unit * ((std::fabs(x.at(i)) + std::fabs(mean.at(c))) * std::fabs(a) + std::fabs(bias.at(c))));
          });
          cases.push_back({{x, scale, bias, mean, var}, {{"epsilon", 1e-3f}}, {y}});
        }
}

void lp_normalization(Cases& cases) {
  for (const DType t : declared("LpNormalization"))
    for (const Integers& s : std::vector<Integers>{{7}, {3, 17}, {2, 1, 5}, {0, 2}})
      for (std::int64_t axis = -static_cast<std::int64_t>(s.size()); axis < static_cast<std::int64_t>(s.size()); ++axis)
        for (const std::int64_t p : {1, 2}) {
          const Array x = random(t, s, 8);
          const auto d = static_cast<std::size_t>(axis < 0 ? axis + x.rank() : axis);
          Expected y = exact(Array(t, s));
          for_each(s, [&](const Index& i) {
            Real norm = 0;
            for (const Real v : line(x, i, d)) norm += p == 1 ? std::fabs(v) : v * v;
            const Real v = x.at(i) / (p == 1 ? norm : std::sqrt(norm));
            y.value.at(i) = rounded(t, v);
            y.allowed.push_back(8 * roundoff(t) * std::fabs(v));
          });
          cases.push_back({{x}, {{"axis", axis}, {"p", p}}, {y}});
        }
}

void mean_variance(Cases& cases) {
  for (const DType t : declared("MeanVarianceNormalization"))
    for (const auto& [s, axes] : std::vector<std::pair<Integers, Integers>>{{{2, 3, 5, 7}, {0, 2, 3}}, {{3, 17}, {-1}}, {{3, 17}, {0}}, {{2, 1, 33}, {0, 2}}}) {
      const Array x = random(t, s, 9, -2, 5);
      std::vector<bool> gone(s.size());
      for (const std::int64_t a : axes) gone[static_cast<std::size_t>(a < 0 ? a + x.rank() : a)] = true;
      Integers kept;
      static_cast<void>(groups(x, gone, kept));
      const Place group = [&](Index i) {
        for (std::size_t d = 0; d < i.size(); ++d)
          if (gone[d]) i[d] = 0;
        return i;
      };
      cases.push_back({{x}, {{"axes", axes}}, {normalised(x, kept, group, group, nullptr, nullptr, 1e-18L, true)}});
    }
}

void lrn(Cases& cases) {
  for (const DType t : declared("LRN"))
    for (const std::int64_t size : {1, 3, 4})
      for (const Integers& s : std::vector<Integers>{{2, 7, 3}, {1, 1, 5, 2}, {0, 3, 2}}) {
        const Array x = random(t, s, 10);
        Expected y = exact(Array(t, s));
        for_each(s, [&](const Index& i) {
          Real sum = 0;
          for (std::int64_t c = std::max<std::int64_t>(0, i[1] - (size - 1) / 2); c <= std::min(s[1] - 1, i[1] + size / 2); ++c) {
            Index at = i;
            at[1] = c;
            sum += x.at(at) * x.at(at);
          }
          const Real v = x.at(i) / std::pow(2 + static_cast<Real>(0.3f) / static_cast<Real>(size) * sum, static_cast<Real>(0.75f));
          y.value.at(i) = rounded(t, v);
          y.allowed.push_back(16 * roundoff(t) * std::fabs(v));
        });
        cases.push_back({{x}, {{"size", size}, {"alpha", 0.3f}, {"beta", 0.75f}, {"bias", 2.0f}}, {y}});
      }
}

const Rows reductions({
    {"ReduceSum", [](Cases& c) { reduction(c, "ReduceSum", [](DType t, const Terms& x) { return summed(t, x, false); }); }},
    {"ReduceMean",
     [](Cases& c) {
       reduction(c, "ReduceMean", [](DType t, const Terms& x) -> Result {
         const Real n = static_cast<Real>(x.size());
         Result r = summed(t, x, false);
         if (x.empty()) return is_real(t) ? Result{not_a_number, 0} : Result{0};
         return is_real(t) ? Result{r.value / n, r.allowed / n + ulp(t, r.value / n)} : Result{std::trunc(r.value / n)};
       });
     }},
    {"ReduceMax", [](Cases& c) { extreme(c, "ReduceMax", true); }},
    {"ReduceMin", [](Cases& c) { extreme(c, "ReduceMin", false); }},
    {"ReduceProd",
     [](Cases& c) {
       reduction(
           c, "ReduceProd",
           [](DType t, const Terms& x) -> Result {
             if (!is_real(t)) {
               UnsignedWide p = 1;
               for (const Real v : x) p = p * static_cast<UnsignedWide>(static_cast<Wide>(v));
               return {wrapped(t, static_cast<Wide>(p))};
             }
             Real p = 1;
             for (const Real v : x) p *= v;
             return {p, std::isfinite(p) ? static_cast<Real>(x.size()) * roundoff(t) * std::fabs(p) : 0};
           },
           0.6, 1.6);
     }},
    {"ReduceL1",
     [](Cases& c) { reduction(c, "ReduceL1", [](DType t, const Terms& x) { return summed(t, mapped(x, [](Real v) { return std::fabs(v); }), true); }); }},
    {"ReduceSumSquare",
     [](Cases& c) { reduction(c, "ReduceSumSquare", [](DType t, const Terms& x) { return summed(t, mapped(x, [](Real v) { return v * v; }), true); }); }},
    {"ReduceL2",
     [](Cases& c) {
       reduction(c, "ReduceL2", [](DType t, const Terms& x) {
         const Result s = summed(t, mapped(x, [](Real v) { return v * v; }), true);
         return after(t, s, [](Real v) { return std::sqrt(v); }, s.value > 0 ? 0.5L / std::sqrt(s.value) : 0);
       });
     }},
    {"ReduceLogSum",
     [](Cases& c) {
       reduction(
           c, "ReduceLogSum",
           [](DType t, const Terms& x) -> Result {
             const Result s = summed(t, x, true);
             if (!is_real(t) && s.value == 0) return {lowest(t)};
             return after(t, s, [](Real v) { return std::log(v); }, s.value > 0 ? 1 / s.value : 0);
           },
           1, 5);
     }},
    {"ReduceLogSumExp",
     [](Cases& c) {
       reduction(c, "ReduceLogSumExp", [](DType t, const Terms& x) -> Result {
         if (x.empty()) return {is_real(t) ? -infinity : lowest(t), is_real(t) ? 0 : Real{-1}};
         const Real top = *std::max_element(x.begin(), x.end());
         Real sum = 0;
         for (const Real v : x) sum += std::exp(v - top);
         const Real y = top + std::log(sum);
         if (!is_real(t)) return {std::trunc(y)};
         return {y, 4 * units(t, x, true) * roundoff(t) * (std::fabs(top) + std::log(sum) + 1)};
       });
     }},
    {"ArgMax", [](Cases& c) { arg_extreme(c, "ArgMax", true); }},
    {"ArgMin", [](Cases& c) { arg_extreme(c, "ArgMin", false); }},
    {"TopK", top_k},
    {"CumSum", [](Cases& c) { cumulative(c, "CumSum", summed); }},
    {"CumProd", [](Cases& c) { cumulative(c, "CumProd", multiplied); }},
});

const Rows normalisations({
    {"Softmax", [](Cases& c) { softmax(c, "Softmax", Soft::soft); }},
    {"LogSoftmax", [](Cases& c) { softmax(c, "LogSoftmax", Soft::log); }},
    {"Hardmax", [](Cases& c) { softmax(c, "Hardmax", Soft::hard); }},
    {"LayerNormalization", [](Cases& c) { over_trailing(c, "LayerNormalization", true); }},
    {"RMSNormalization", [](Cases& c) { over_trailing(c, "RMSNormalization", false); }},
    {"InstanceNormalization", [](Cases& c) { over_channels(c, "InstanceNormalization", 0, false); }},
    {"GroupNormalization",
     [](Cases& c) {
       for (const std::int64_t groups : {1, 2, 6})
         for (const bool per_group : {false, true}) over_channels(c, "GroupNormalization", groups, per_group);
     }},
    {"BatchNormalization", batch_normalization},
    {"LpNormalization", lp_normalization},
    {"MeanVarianceNormalization", mean_variance},
    {"LRN", lrn},
});

}  // namespace
}  // namespace inferc::test
