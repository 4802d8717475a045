#include "compiler/passes/integer_layer.hpp"

#include <map>
#include <string_view>

namespace inferc {
namespace {

// Where the operands are.
struct Places {
  std::size_t w, zero_x, zero_w, bias, scale_x, scale_w, scale_y, zero_y;
  bool convolution;
};
constexpr std::size_t none = SIZE_MAX;

const Places* places_of(const Node& n) {
  static const std::map<std::string_view, Places> all{{"MatMulInteger", {1, 2, 3, none, none, none, none, none, false}},
                                                      {"ConvInteger", {1, 2, 3, none, none, none, none, none, true}},
                                                      {"QLinearMatMul", {3, 2, 5, none, 1, 4, 6, 7, false}},
                                                      {"QLinearConv", {3, 2, 5, 8, 1, 4, 6, 7, true}}};
  const auto at = n.domain.empty() ? all.find(n.op) : all.end();
  return at == all.end() ? nullptr : &at->second;
}

std::vector<std::int64_t> integers(const Tensor& t) {
  std::vector<std::int64_t> out;
  for (std::size_t i = 0; i < t.size(); ++i) {
    if (t.dtype() == DType::int8) out.push_back(t.as<std::int8_t>()[i]);
    else if (t.dtype() == DType::uint8) out.push_back(t.as<std::uint8_t>()[i]);
    else if (t.dtype() == DType::int32) out.push_back(t.as<std::int32_t>()[i]);
  }
  return out;
}

// One for each column, zeros where the operand is left out.
std::optional<std::vector<std::int64_t>> each(const Node& n, std::size_t input, std::size_t columns) {
  return n.in(input) ? integer_columns(n.in(input), columns) : std::vector<std::int64_t>(columns, 0);
}

std::optional<std::vector<float>> float_columns(const Value* v, std::size_t columns) {
  if (!v || !v->is_constant() || v->constant->dtype() != DType::float32 || v->constant->size() == 0) return std::nullopt;
  const Tensor& t = *v->constant;
  if (t.size() != 1 && (t.size() != columns || t.shape().back() != static_cast<std::int64_t>(columns))) return std::nullopt;
  std::vector<float> out(columns);
  for (std::size_t c = 0; c < columns; ++c) out[c] = t.as<float>()[t.size() == 1 ? 0 : c];
  return out;
}

// [filters, channels of a group, taps...] as [(tap, channel of all groups), filter]; [k, columns] as it is.
std::vector<std::int64_t> matrix(const std::vector<std::int64_t>& w, std::size_t taps, std::size_t channels, std::size_t filters, std::size_t groups) {
  std::vector<std::int64_t> out(taps * channels * groups * filters);
  for (std::size_t f = 0; f < filters; ++f)
    for (std::size_t c = 0; c < channels; ++c)
      for (std::size_t t = 0; t < taps; ++t)
        out[(t * channels * groups + f / (filters / groups) * channels + c) * filters + f] = w[(f * channels + c) * taps + t];
  return out;
}

bool read_weights(IntegerLayer& out, const Tensor& w, const std::vector<std::int64_t>& zero, bool convolution) {
  std::vector<std::int64_t> all = integers(w);
  if (all.size() != w.size() || all.empty()) return false;
  const std::size_t inner = all.size() / out.columns;
  for (std::size_t i = 0; i < all.size(); ++i) all[i] -= zero[convolution ? i / inner : i % out.columns];
  if (!convolution) {
    out.weights = std::move(all);
    return true;
  }
  out.taps.assign(w.shape().begin() + 2, w.shape().end());
  const auto channels = static_cast<std::size_t>(w.shape()[1]);
  const std::size_t groups = out.windows == FixedWindows::depthwise ? 1 : out.k / inner;
  out.weights = matrix(all, inner / channels, channels, out.columns, groups);
  return true;
}

// Of x and the bias: what zero points bring to each sum joins the bias where they are known.
bool read_offsets(IntegerLayer& out, const Node& n, const Places& p) {
  const Value* zero = n.in(p.zero_x);
  const auto bias = p.bias == none ? std::vector<std::int64_t>(out.columns, 0) : each(n, p.bias, out.columns);
  if (!bias) return false;
  out.bias = *bias;
  if (zero && !zero->is_constant()) {
    out.late_zero_x = n.in(p.zero_x);
    return zero->type && (zero->type->shape.empty() || (zero->type->rank() == 1 && zero->type->shape[0].is(1)));
  }
  const auto zero_x = each(n, p.zero_x, 1);
  if (!zero_x) return false;
  out.zero_x = (*zero_x)[0];
  for (std::size_t i = 0; i < out.weights.size(); ++i) out.bias[i % out.columns] -= out.zero_x * out.weights[i];
  return true;
}

bool read_scales(IntegerLayer& out, const Node& n, const Places& p) {
  if (p.scale_y == none) return true;
  const auto x = float_columns(n.in(p.scale_x), 1), w = float_columns(n.in(p.scale_w), out.columns), y = float_columns(n.in(p.scale_y), 1);
  const auto zero = each(n, p.zero_y, 1);
  if (!x || !w || !y || !zero) return false;
  for (const float s : *w) out.factor.push_back((*x)[0] * s / (*y)[0]);
  out.zero_y = (*zero)[0];
  return true;
}

// Whether the operands are there, as the node may stand in a graph whose types nobody has checked.
bool is_layer_of_constants(const Node& n, const Places& p) {
  const Value *x = n.in(0), *w = n.in(p.w);
  if (n.outputs.size() != 1 || !n.out() || !x || !x->type || x->is_constant() || !w || !w->is_constant() || w->constant->size() == 0) return false;
  const std::size_t rank = w->constant->rank();
  if (!p.convolution) return rank == 2 && x->type->rank() >= 2;
  const std::int64_t groups = n.attr_int("group", 1);
  return rank >= 3 && groups >= 1 && w->constant->shape()[0] % groups == 0;
}

}  // namespace

std::optional<std::vector<std::int64_t>> integer_columns(const Value* v, std::size_t columns) {
  if (!v || !v->is_constant() || v->constant->size() == 0) return std::nullopt;
  const Tensor& t = *v->constant;
  if (t.size() != 1 && (t.size() != columns || t.shape().back() != static_cast<std::int64_t>(columns))) return std::nullopt;
  const std::vector<std::int64_t> all = integers(t);
  if (all.size() != t.size()) return std::nullopt;
  return t.size() == 1 ? std::vector<std::int64_t>(columns, all[0]) : all;
}

std::optional<IntegerLayer> integer_layer(const Node& n) {
  const Places* p = places_of(n);
  if (!p || !is_layer_of_constants(n, *p)) return std::nullopt;
  const Tensor& w = *n.in(p->w)->constant;
  const std::int64_t groups = p->convolution ? n.attr_int("group", 1) : 1;
  const auto columns = static_cast<std::size_t>(w.shape()[p->convolution ? 0 : 1]);
  const FixedWindows windows = p->convolution ? fixed_windows(groups, w.shape()[0], w.shape()[1]) : FixedWindows::matrix;
  const std::size_t terms = w.size() / columns, k = windows == FixedWindows::depthwise ? terms : terms * static_cast<std::size_t>(groups);
  IntegerLayer out{n.in(0), k, columns, windows, {}, {}, 0, nullptr, {}, {}, 0};
  const auto zero_w = each(n, p->zero_w, columns);
  if (!zero_w || !read_weights(out, w, *zero_w, p->convolution) || !read_offsets(out, n, *p) || !read_scales(out, n, *p)) return std::nullopt;
  return out;
}

std::optional<Requantiser> requantiser(const Graph& graph, Node* sum, std::size_t columns) {
  Node* cast = graph.only_user(sum->out());
  if (!cast || !cast->is("Cast") || cast->out()->type->dtype != DType::float32) return std::nullopt;
  Node* scaled = graph.only_user(cast->out());
  if (!scaled || !scaled->is("Mul") || scaled->inputs.size() != 2 || !(scaled->out()->type->shape == sum->out()->type->shape)) return std::nullopt;
  const auto factor = float_columns(scaled->in(scaled->in(0) == cast->out() ? 1 : 0), columns);
  Node* last = graph.only_user(scaled->out());
  if (!factor || !last || !last->is("QuantizeLinear") || last->in(0) != scaled->out() || last->attr_int("precision", 0) > 1) return std::nullopt;
  const DType t = last->out()->type->dtype;
  if (!is_integer(t) || bit_width(t) > 16 || bit_width(t) < 8) return std::nullopt;
  const auto divisor = float_columns(last->in(1), 1);
  const auto zero = last->in(2) ? integer_columns(last->in(2), 1) : std::vector<std::int64_t>{0};
  if (!divisor || !zero) return std::nullopt;
  return Requantiser{last, *factor, std::vector<float>(columns, (*divisor)[0]), (*zero)[0]};
}

}  // namespace inferc
