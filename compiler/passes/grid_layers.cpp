#include <algorithm>
#include <bit>
#include <cmath>

#include "compiler/passes/grid_rules.hpp"

namespace inferc::grid {
namespace {

bool is_weights(const Tensor* t) { return t && (t->dtype() == DType::float32 || t->dtype() == DType::float64) && t->size() > 0; }
double weight(const Tensor& t, std::size_t i) { return t.dtype() == DType::float32 ? static_cast<double>(t.as<float>()[i]) : t.as<double>()[i]; }

// One output of a layer: sum over k of x_k w_k. Low and high hold every partial sum, so that any order of summation, from zero,
// stays between them: low = sum of min(0, x_k w_k), high = sum of max(0, x_k w_k), exact in double below 2^53.
class Sum {
 public:
  explicit Sum(int fraction) : fraction_(fraction) {}
  void add(const Entry& x, double w) {
    if (w == 0) return;
    if (x.low <= -unbounded || x.high >= unbounded) low_ = -HUGE_VAL, high_ = HUGE_VAL;
    const double unit = std::ldexp(w, fraction_ - x.fraction);
    const double a = unit * static_cast<double>(x.low), b = unit * static_cast<double>(x.high);
    low_ += std::min({a, b, 0.0});
    high_ += std::max({a, b, 0.0});
  }
  [[nodiscard]] Entry result() const { return {fraction_, saturated(low_), saturated(high_)}; }

 private:
  int fraction_;
  double low_ = 0, high_ = 0;
};

// Where the terms of an output are: x_k is entry input(k) of the fact, its weight stands at at(k).
template <class Input, class At>
Entry output_of(const Grid& x, const Grid& weights, const Tensor& w, std::size_t terms, Input input, At at) {
  const auto entry_at = [&](std::size_t k) { return entry(x, x.axis ? input(k) : 0); };
  int fraction = -finest;
  for (std::size_t k = 0; k < terms; ++k) fraction = std::max(fraction, entry_at(k).fraction);
  Sum sum(fraction + weights.fraction[0]);
  for (std::size_t k = 0; k < terms; ++k) sum.add(entry_at(k), weight(w, at(k)));
  return sum.result();
}

// The fraction of one output's weights, where they are on a grid.
template <class At>
std::optional<Grid> weights_of(const Tensor& w, std::size_t terms, At at) {
  Tensor own(DType::float64, {static_cast<std::int64_t>(terms)});
  for (std::size_t k = 0; k < terms; ++k) own.as<double>()[k] = weight(w, at(k));
  return of_constant(own);
}

// [..., K] times constant [K, N] (or [N, K] turned).
std::optional<Grid> times_columns(const Grid* x, const Shape& shape, const Tensor* w, bool turned, std::size_t out_rank) {
  if (!x || !is_weights(w) || w->rank() != 2 || shape.empty()) return std::nullopt;
  const Grid in = x->axis == shape.size() - 1 ? *x : whole(*x);
  const auto rows = static_cast<std::size_t>(w->shape()[turned ? 1 : 0]), columns = static_cast<std::size_t>(w->shape()[turned ? 0 : 1]);
  Grid out{out_rank - 1, {}, {}, {}, in.exact};
  for (std::size_t n = 0; n < columns; ++n) {
    const auto at = [&](std::size_t k) { return turned ? n * rows + k : k * columns + n; };
    const auto own = weights_of(*w, rows, at);
    if (!own) return std::nullopt;
    append(out, output_of(in, *own, *w, rows, [](std::size_t k) { return k; }, at));
  }
  return out;
}

// A sum of `terms` products of any two elements.
std::optional<Grid> times_any(const View& v, const Dim& terms) {
  const Grid *a = v.in(0), *b = v.in(1);
  if (!a || !b || !terms.constant()) return std::nullopt;
  const Entry one = times(entry(whole(*a), 0), entry(whole(*b), 0));
  const auto n = static_cast<double>(*terms.constant());
  const auto all = [&](std::int64_t q) { return saturated(n * static_cast<double>(q)); };
  Grid out = single(Entry{one.fraction, all(std::min<std::int64_t>(0, one.low)), all(std::max<std::int64_t>(0, one.high))});
  out.exact = a->exact && b->exact;
  return out;
}

std::optional<Grid> matmul(const View& v) {
  if (v.out().empty() || v.shape(0).empty()) return std::nullopt;
  if (auto out = times_columns(v.in(0), v.shape(0), v.constant(1), false, v.out().size())) return out;
  return times_any(v, v.shape(0).back());
}

std::optional<Grid> plus_bias(std::optional<Grid> sum, const View& v, std::size_t i, std::optional<Grid> bias) {
  if (!v.node.in(i) || !sum) return sum;
  // The bias is one more term: the sum without it is a partial sum.
  return bias ? std::optional(zip(*sum, *bias, [](const Entry& a, const Entry& b) { return hull(a, add(a, b)); })) : std::nullopt;
}

std::optional<Grid> gemm(const View& v) {
  const bool turned = v.node.attr_int("transA", 0) != 0;
  if (v.node.attr("alpha", 1.0f) != 1.0f || v.node.attr("beta", 1.0f) != 1.0f || turned) return std::nullopt;
  const auto sum = times_columns(v.in(0), v.shape(0), v.constant(1), v.node.attr_int("transB", 0) != 0, 2);
  return plus_bias(sum, v, 2, v.in_result(2, 1));
}

std::optional<Grid> along_channels(const Tensor& bias) {
  auto out = of_constant(bias, 0);
  if (out) out->axis = 1;
  return out;
}

// Weights [M, C / group, taps...]; zeros around the input change no bound.
std::optional<Grid> conv(const View& v) {
  const Grid* x = v.in(0);
  const Tensor* w = v.constant(1);
  if (!x || !is_weights(w) || w->rank() < 3) return std::nullopt;
  const Grid in = x->axis == 1 ? *x : whole(*x);
  const auto filters = static_cast<std::size_t>(w->shape()[0]), channels = static_cast<std::size_t>(w->shape()[1]);
  const std::size_t terms = w->size() / filters, taps = terms / channels;
  const std::size_t per_group = filters / static_cast<std::size_t>(std::max<std::int64_t>(1, v.node.attr_int("group", 1)));
  Grid out{1, {}, {}, {}, in.exact};
  for (std::size_t m = 0; m < filters; ++m) {
    const auto at = [&](std::size_t k) { return m * terms + k; };
    const auto own = weights_of(*w, terms, at);
    if (!own) return std::nullopt;
    append(out, output_of(in, *own, *w, terms, [&](std::size_t k) { return m / per_group * channels + k / taps; }, at));
  }
  const Tensor* b = v.constant(2);
  return plus_bias(out, v, 2, b ? along_channels(*b) : std::nullopt);
}

// A sum of n elements, divided by n = 2^p.
std::optional<Grid> mean_of(const Grid* x, std::optional<std::int64_t> n, bool divided) {
  if (!x || !n || *n < 1 || (divided && !std::has_single_bit(static_cast<std::uint64_t>(*n)))) return std::nullopt;
  const int p = divided ? std::countr_zero(static_cast<std::uint64_t>(*n)) : 0;
  return each(*x, [&](const Entry& e) {
    const auto sum = [&](std::int64_t q) { return saturated(static_cast<double>(*n) * static_cast<double>(q)); };
    return Entry{e.fraction + p, sum(std::min<std::int64_t>(0, e.low)), sum(std::max<std::int64_t>(0, e.high))};
  });
}

bool all_are(const Node& n, std::string_view key, std::int64_t value) {
  const auto values = n.attr(key, std::vector<std::int64_t>{});
  return std::all_of(values.begin(), values.end(), [&](std::int64_t v) { return v == value; });
}

// Every window counts all of its elements.
std::optional<Grid> average_pool(const View& v) {
  const auto padding = v.node.attr("auto_pad", std::string("NOTSET"));
  if (!all_are(v.node, "pads", 0) || v.node.attr_int("ceil_mode", 0) != 0 || (padding != "NOTSET" && padding != "VALID")) return std::nullopt;
  std::int64_t n = 1;
  for (const std::int64_t k : v.node.attr("kernel_shape", std::vector<std::int64_t>{})) n *= k;
  const Grid* x = v.in(0);
  const std::optional<Grid> in = x ? std::optional(x->axis && *x->axis > 1 ? whole(*x) : *x) : std::nullopt;
  return mean_of(in ? &*in : nullptr, n, true);
}

std::optional<Grid> global_average_pool(const View& v) {
  const Shape& s = v.shape(0);
  const Grid* x = v.in(0);
  if (!x || s.size() < 3) return std::nullopt;
  const Grid in = x->axis && *x->axis > 1 ? whole(*x) : *x;
  return mean_of(&in, product({s.begin() + 2, s.end()}).constant(), true);
}

// Over as many elements as the result has fewer.
std::optional<Grid> reduce(const View& v, bool mean) {
  const Grid* x = v.in(0);
  const auto n = divided(product(v.shape(0)), product(v.out()));
  if (!x || !n) return std::nullopt;
  const Grid in = whole(*x);
  return mean_of(&in, n->constant(), mean);
}
std::optional<Grid> reduce_sum(const View& v) { return reduce(v, false); }
std::optional<Grid> reduce_mean(const View& v) { return reduce(v, true); }

}  // namespace

const Rules& layer_rules() {
  static const Rules rules = {
      {"AveragePool", average_pool}, {"Conv", conv},           {"Gemm", gemm}, {"GlobalAveragePool", global_average_pool}, {"MatMul", matmul},
      {"ReduceMean", reduce_mean},   {"ReduceSum", reduce_sum}};
  return rules;
}

}  // namespace inferc::grid
