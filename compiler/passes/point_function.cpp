#include "compiler/passes/point_function.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <set>

#include "compiler/ops/evaluate_graph.hpp"
#include "compiler/ops/op.hpp"

namespace inferc {
namespace {

constexpr std::size_t most_nodes = 32;

using Axis = std::optional<std::size_t>;
constexpr std::size_t several = SIZE_MAX;

// None where one of them is none; `several` of two that differ.
Axis joint(Axis a, Axis b) { return !a || a == b ? b : !b ? a : several; }

// The axis of the result of `n` along which alone a constant operand varies; none: it is a number.
Axis axis_of(const Node& n, const Value* v) {
  const auto& shape = v->constant->shape();
  const std::size_t size = v->constant->size(), rank = n.out()->type->shape.size();
  if (size == 1) return std::nullopt;
  if (size == 0 || shape.size() > rank) return several;
  if (n.is("QuantizeLinear") || n.is("DequantizeLinear"))
    return shape.size() == 1 ? from_front(n.attr_int("axis", 1), static_cast<std::int64_t>(rank)) : several;
  Axis out;
  for (std::size_t d = 0; d < shape.size(); ++d)
    if (shape[d] != 1) out = joint(out, rank - shape.size() + d);
  return out;
}
Axis axis_of(const Node& n) {
  Axis out;
  for (const Value* v : n.inputs)
    if (v && v->is_constant()) out = joint(out, axis_of(n, v));
  return out;
}

// One result for each element of operands of its shape, all others being numbers or constants that vary along one axis.
bool is_pointwise(const Node& n) {
  constexpr std::array others{"QuantizeLinear", "DequantizeLinear", "Cast"};
  const Op* op = find_op(n.op, n.domain);
  const bool defined = op && (op->elementwise || (n.domain.empty() && std::find(others.begin(), others.end(), n.op) != others.end()));
  if (!defined || !n.regions.empty() || n.outputs.size() != 1 || !n.out()->type || !n.measures.empty()) return false;
  return axis_of(n) != several && std::all_of(n.inputs.begin(), n.inputs.end(),
                                              [&](const Value* v) { return !v || v->is_constant() || (v->type && v->type->shape == n.out()->type->shape); });
}

std::vector<Value*> operands_of(const Node& n) {
  std::vector<Value*> out;
  for (Value* v : n.inputs)
    if (v && !v->is_constant() && std::find(out.begin(), out.end(), v) == out.end()) out.push_back(v);
  return out;
}

bool is_stored(DType t) { return t == DType::float32 || (is_integer(t) && bit_width(t) >= 8 && bit_width(t) <= 32 && t != DType::uint32); }

}  // namespace

PointFunctions::PointFunctions(const Graph& graph, const grid::Facts& facts) : graph_(graph), facts_(facts) {
  for (const Node* n : graph.nodes()) order_.emplace(n, order_.size());
}

bool PointFunctions::is_on_grid(const Value* v) const {
  const grid::Grid* g = facts_.of(v);
  return g && (g->exact || (v->producer && grid::is_quantiser(*v->producer)));
}

bool PointFunctions::has_few_values(const Value* v) const { return is_on_grid(v) && has_few_points(v); }
// Also where float32 may bring another than the real number, as the function is computed in float32.
bool PointFunctions::has_few_points(const Value* v) const {
  if (!facts_.of(v) || !is_stored(v->type->dtype)) return false;
  const grid::Grid& g = *facts_.of(v);
  for (std::size_t k = 0; k < g.low.size(); ++k)
    if (g.high[k] - g.low[k] >= most_points) return false;
  return true;
}

// Integers that a float32 value was a moment ago.
Value* PointFunctions::integer_behind(Value* v, std::vector<Node*>& nodes, std::optional<std::size_t>& axis) const {
  Node* n = v->producer;
  if (!n || !is_float(v->type->dtype) || !order_.contains(n) || !is_pointwise(*n)) return v;
  const std::vector<Value*> from = operands_of(*n);
  const Axis both = joint(axis, axis_of(*n));
  if (from.size() != 1 || !is_integer(from[0]->type->dtype) || !has_few_values(from[0]) || both == several) return v;
  nodes.push_back(n), axis = both;
  return from[0];
}

// From the last node towards what it is made of, the latest first, until that is one value alone.
struct PointFunctions::Walk {
  const std::map<const Node*, std::size_t>& order;
  std::map<std::size_t, Value*> open{};  // by the place of the producer, from 1; 0: an input
  std::vector<Node*> nodes{};
  std::set<const Value*> inputs{};
  Axis axis{};

  bool take(Node* n) {
    if (!is_pointwise(*n) || nodes.size() == most_nodes) return false;
    nodes.push_back(n);
    axis = joint(axis, axis_of(*n));
    if (axis == several) return false;
    for (Value* v : operands_of(*n)) {
      const auto at = v->producer ? order.find(v->producer) : order.end();
      if (v->producer && at == order.end()) return false;
      if (!v->producer) inputs.insert(v);
      open[v->producer ? at->second + 1 : 0] = v;
    }
    return inputs.size() < 2;
  }
};

namespace {

// The last node, or the one that rounds what that bounds.
std::size_t first_rounding(const std::vector<Node*>& nodes) {
  const std::size_t last = nodes.size() - 1;
  const std::vector<Value*> read = operands_of(*nodes[last]);
  const auto at = read.size() == 1 ? std::find(nodes.begin(), nodes.end(), read[0]->producer) : nodes.end();
  return at != nodes.end() && grid::is_quantiser(**at) ? static_cast<std::size_t>(at - nodes.begin()) : last;
}

}  // namespace

std::optional<PointFunction> PointFunctions::ending_with(Node* quantiser) const {
  if (quantiser->outputs.size() != 1 || !quantiser->out() || !is_on_grid(quantiser->out()) || !is_stored(quantiser->out()->type->dtype)) return std::nullopt;
  const std::vector<Value*> from = operands_of(*quantiser);
  if (from.empty() || std::all_of(from.begin(), from.end(), [&](const Value* v) { return is_on_grid(v); })) return std::nullopt;
  Walk walk{order_};
  if (!walk.take(quantiser)) return std::nullopt;
  while (walk.open.size() > 1 || !has_few_values(walk.open.begin()->second)) {
    Node* latest = walk.open.rbegin()->second->producer;
    walk.open.erase(std::prev(walk.open.end()));
    if (!latest || !walk.take(latest)) return std::nullopt;
  }
  PointFunction out{walk.open.begin()->second, std::move(walk.nodes), 0, walk.axis};
  out.source = integer_behind(out.source, out.nodes, out.axis);
  std::sort(out.nodes.begin(), out.nodes.end(), [&](const Node* a, const Node* b) { return order_.at(a) < order_.at(b); });
  out.quantiser = first_rounding(out.nodes);
  extend(out);
  return out;
}

// By those who alone read the result, and whose own is on a grid.
void PointFunctions::extend(PointFunction& f) const {
  for (;;) {
    const Value* last = f.nodes.back()->out();
    Node* user = graph_.only_user(last);
    if (!user || !order_.contains(user) || !is_pointwise(*user) || operands_of(*user).size() != 1 || f.nodes.size() == most_nodes) return;
    const Axis both = joint(f.axis, axis_of(*user));
    if (!has_few_points(user->out()) || user->out()->type->dtype != last->type->dtype || both == several) return;
    f.nodes.push_back(user), f.axis = both;
  }
}

namespace {

// Nodes, the first operand of which is `source`, on points.
std::optional<Tensor> run(const std::vector<Node*>& nodes, const Value* source, const Tensor& points) {
  Graph graph;
  Shape shape;
  for (const std::int64_t d : points.shape()) shape.emplace_back(d);
  std::map<const Value*, Value*> inner{{source, graph.add_input("x", {points.dtype(), shape})}};
  Diagnostics problems;
  for (const Node* n : nodes) {
    std::vector<Value*> inputs;
    for (const Value* v : n->inputs) {
      if (v && !inner.contains(v)) inner[v] = graph.add_constant(*v->constant);
      inputs.push_back(v ? inner.at(v) : nullptr);
    }
    Node* copy = graph.add_node(n->op, std::move(inputs), 1, n->attributes);
    copy->domain = n->domain, copy->name = n->name, copy->opset = n->opset;
    if (!infer_node(*copy, problems)) return std::nullopt;
    inner[n->out()] = copy->outputs[0];
  }
  graph.set_outputs({inner.at(nodes.back()->out())});
  try {
    Tensor out = evaluate_graph(graph, {points})[0];
    return out.size() == points.size() ? std::optional(std::move(out)) : std::nullopt;
  } catch (const UserError&) {
    return std::nullopt;
  }
}

// Each element as many units in the last place away.
Tensor moved(const Tensor& t, float direction) {
  constexpr int units = 4;
  Tensor out(t.dtype(), t.shape());
  for (std::size_t i = 0; i < t.size(); ++i) {
    float v = t.as<float>()[i];
    for (int k = 0; k < units; ++k) v = std::nextafter(v, direction);
    out.as<float>()[i] = v;
  }
  return out;
}

// -0 equals 0.
bool differ(const Tensor& a, const Tensor& b, std::size_t i) {
  if (a.dtype() == DType::float32) return a.as<float>()[i] != b.as<float>()[i];
  const std::size_t width = byte_size(a.dtype());
  return std::memcmp(a.bytes().data() + i * width, b.bytes().data() + i * width, width) != 0;
}

}  // namespace

std::optional<Tensor> values_of(const PointFunction& f, const Tensor& points) { return run(f.nodes, f.source, points); }

std::vector<std::int64_t> near_boundaries(const PointFunction& f, const Tensor& points, const Tensor& results) {
  const std::vector<Value*> read = operands_of(*f.nodes[f.quantiser]);
  if (read.size() != 1 || f.quantiser == 0 || read[0]->type->dtype != DType::float32) return {};
  const auto cut = f.nodes.begin() + static_cast<std::ptrdiff_t>(f.quantiser);
  std::vector<Node*> before(f.nodes.begin(), cut), after(cut, f.nodes.end());
  std::erase_if(before, [&](const Node* n) { return n->out() == read[0]; });
  before.push_back(read[0]->producer);
  const auto exact = run(before, f.source, points);
  if (!exact) return {};
  std::set<std::int64_t> out;
  for (const float direction : {-HUGE_VALF, HUGE_VALF})
    if (const auto other = run(after, read[0], moved(*exact, direction)))
      for (std::size_t i = 0; i < results.size(); ++i)
        if (differ(results, *other, i)) out.insert(static_cast<std::int64_t>(i));
  return {out.begin(), out.end()};
}

}  // namespace inferc
