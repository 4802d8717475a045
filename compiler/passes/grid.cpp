#include "compiler/passes/grid.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "compiler/passes/grid_rules.hpp"

namespace inferc::grid {
namespace {

// Integers up to this magnitude are exact in the type.
std::int64_t mantissa(DType t) { return t == DType::float32 ? std::int64_t{1} << 24 : unbounded - 1; }

std::optional<Entry> range_of(DType t) {
  const int bits = bit_width(t);
  if (t == DType::boolean) return Entry{0, 0, 1};
  if (!is_integer(t) || bits > 32) return std::nullopt;
  const std::int64_t half = std::int64_t{1} << (bits - 1);
  return is_signed(t) ? Entry{0, -half, half - 1} : Entry{0, 0, 2 * half - 1};
}

std::optional<Grid> of_type(DType t) {
  const auto range = range_of(t);
  return range ? std::optional(single(*range)) : std::nullopt;
}

bool within(const Grid& g, const Entry& range) {
  for (std::size_t k = 0; k < size(g); ++k)
    if (g.fraction[k] > 0 || g.low[k] < range.low || g.high[k] > range.high) return false;
  return true;
}

bool is_bounded(const Grid& g) {
  return std::all_of(g.low.begin(), g.low.end(), [](std::int64_t v) { return v > -unbounded; }) &&
         std::all_of(g.high.begin(), g.high.end(), [](std::int64_t v) { return v < unbounded; });
}

bool fits(const Grid& g, std::int64_t most) {
  return std::all_of(g.low.begin(), g.low.end(), [&](std::int64_t v) { return v >= -most; }) &&
         std::all_of(g.high.begin(), g.high.end(), [&](std::int64_t v) { return v <= most; });
}

bool has_sane_fractions(const Grid& g) {
  return std::all_of(g.fraction.begin(), g.fraction.end(), [](int f) { return -finest <= f && f <= finest; });
}

bool is_known_type(DType t) { return t == DType::float32 || t == DType::float64 || is_integer(t) || t == DType::boolean; }

// Entries stand for indices of an axis whose size is a number.
bool matches(const Grid& g, const Shape& shape) { return !g.axis || (*g.axis < shape.size() && shape[*g.axis].is(static_cast<std::int64_t>(size(g)))); }

// Integers wrap: a result beyond its type may be any integer of it. A float beyond its mantissa is rounded.
std::optional<Grid> settled(std::optional<Grid> g, const Type& type, bool exact) {
  if (g && (!has_sane_fractions(*g) || !matches(*g, type.shape))) g.reset();
  if (const auto range = range_of(type.dtype); range && (!g || !within(*g, *range))) {
    g = single(*range);
    g->exact = exact;
  }
  if (g) g->exact = g->exact && (!is_bounded(*g) || fits(*g, mantissa(type.dtype)));
  return g;
}

}  // namespace

bool is_quantiser(const Node& n) {
  constexpr std::array quantisers{"Quantize", "QuantizeLinear", "DequantizeLinear", "Floor", "Ceil", "Round"};
  return std::find(quantisers.begin(), quantisers.end(), n.op) != quantisers.end();
}

bool has_quantiser(const Graph& graph) {
  const auto nodes = graph.nodes();
  return std::any_of(nodes.begin(), nodes.end(), [](const Node* n) { return is_quantiser(*n); });
}

std::string_view off_grid_reason(const Node& n) {
  const bool fixed = n.is("Quantize", "inferc");
  const auto all = [&](std::size_t i, auto holds) {
    const Tensor* t = n.in(i) && n.in(i)->constant ? &*n.in(i)->constant : nullptr;
    return !t || t->dtype() != DType::float32 || std::all_of(t->as<float>().begin(), t->as<float>().end(), holds);
  };
  const auto is_whole = [](float v) { return v == std::floor(v); };
  if (n.is("DynamicQuantizeLinear")) return "a step that comes at run time";
  if (!fixed && !n.is("QuantizeLinear")) return "";
  if (!n.in(1)->constant) return "a step that comes at run time";
  if (!all(1, [](float v) { return power_of_two(static_cast<double>(v)).has_value(); })) return "a step that is no power of two";
  return fixed && (!all(2, is_whole) || !all(3, is_whole)) ? "bounds that are no integers" : "";
}

bool View::exact() const {
  return std::all_of(node.inputs.begin(), node.inputs.end(), [&](const Value* v) {
    const Grid* g = v ? find_(v) : nullptr;
    return !g || g->exact;
  });
}

std::optional<double> View::number(std::size_t i) const {
  const Tensor* t = constant(i);
  if (!t || t->size() != 1) return std::nullopt;
  if (t->dtype() == DType::float32) return static_cast<double>(t->as<float>()[0]);
  if (t->dtype() == DType::float64) return t->as<double>()[0];
  return std::nullopt;
}

std::optional<Grid> View::in_result(std::size_t i, std::optional<std::size_t> axis) const {
  const Tensor* t = constant(i);
  const std::size_t missing = node.in(i) ? out().size() - shape(i).size() : 0;
  if (t && axis && *axis >= missing && t->size() > 1 && t->shape()[*axis - missing] == static_cast<std::int64_t>(t->size())) {
    const auto along = of_constant(*t, *axis - missing);
    return along ? std::optional(grid::in_result(*along, shape(i), out())) : std::nullopt;
  }
  const Grid* g = in(i);
  return g ? std::optional(grid::in_result(*g, shape(i), out())) : std::nullopt;
}

Rule find_rule(const Node& node) {
  for (const Rules* rules : {&elementwise_rules(), &movement_rules(), &layer_rules(), &quantiser_rules()})
    if (const auto at = rules->find(node.domain == "inferc" ? "inferc." + node.op : node.domain.empty() ? node.op : ""); at != rules->end()) return at->second;
  return nullptr;
}

Facts::Facts(const Graph& graph) {
  const View::Find find = [&](const Value* v) -> const Grid* {
    const auto [at, fresh] = facts_.try_emplace(v->id);
    if (fresh && v->constant) at->second = of_constant(*v->constant);
    else if (fresh && v->type) at->second = of_type(v->type->dtype);
    return at->second ? &*at->second : nullptr;
  };
  for (const Value* v : graph.inputs()) find(v);
  for (const Node* n : graph.nodes()) {
    for (const Value* v : n->outputs) {
      if (!v || !v->type || !is_known_type(v->type->dtype)) continue;
      const Rule rule = v == n->out() && n->regions.empty() ? find_rule(*n) : nullptr;
      const View view(*n, find);
      facts_[v->id] = settled(rule ? rule(view) : std::nullopt, *v->type, view.exact());
    }
  }
  for (const Value* v : graph.constants()) find(v);
}

// What has no bound yet may get one from its readers (a Clip); by itself it is no fact.
const Grid* Facts::of(const Value* v) const {
  const auto at = facts_.find(v->id);
  return at != facts_.end() && at->second && is_bounded(*at->second) ? &*at->second : nullptr;
}

}  // namespace inferc::grid
