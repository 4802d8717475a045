#include <cmath>

#include "compiler/passes/match.hpp"
#include "compiler/passes/passes.hpp"

namespace inferc {
namespace {

Pattern mul(Pattern a, Pattern b) { return Pattern::op("Mul", {std::move(a), std::move(b)}); }
Pattern add(Pattern a, Pattern b) { return Pattern::op("Add", {std::move(a), std::move(b)}); }
Pattern mean(Pattern x, std::string name) {
  return Pattern::op("ReduceMean", {std::move(x), Pattern::constant(name + "_axes")}, name);
}

// d^2 as exporters write it.
Pattern square(const Pattern& d) {
  return Pattern::one_of({Pattern::op("Pow", {d, Pattern::number(2)}), mul(d, d)});
}

const Pattern x = Pattern::any("x");
const Pattern centred = Pattern::op("Sub", {x, mean(x, "mean")});
const Pattern deviation = Pattern::op("Sqrt", {add(mean(square(centred), "variance"), Pattern::scalar("epsilon"))});
const Pattern inverse_deviation =
    Pattern::one_of({Pattern::op("Reciprocal", {deviation}), Pattern::op("Div", {Pattern::number(1), deviation}),
                     Pattern::op("Pow", {add(mean(square(centred), "variance"), Pattern::scalar("epsilon")), Pattern::number(-0.5)})});
const Pattern normalised = Pattern::one_of({Pattern::op("Div", {centred, deviation}), mul(centred, inverse_deviation)});

const Pattern root_mean_square = Pattern::op("Sqrt", {add(mean(square(x), "variance"), Pattern::scalar("epsilon"))});
const Pattern rms_normalised = Pattern::one_of(
    {Pattern::op("Div", {x, root_mean_square}), mul(x, Pattern::op("Reciprocal", {root_mean_square})),
     mul(x, Pattern::op("Div", {Pattern::number(1), root_mean_square})),
     mul(x, Pattern::op("Pow", {add(mean(square(x), "variance"), Pattern::scalar("epsilon")), Pattern::number(-0.5)}))});

// The one axis of a ReduceMean that keeps it, counted from 0.
std::optional<int> kept_axis(const Match& m, std::string_view name) {
  const Node& n = *m.nodes.find(name)->second;
  const Tensor& axes = *n.in(1)->constant;
  if (n.attr_int("keepdims", 1) != 1 || axes.size() != 1 || axes.dtype() != DType::int64 || !n.in(0)->type) return std::nullopt;
  const auto axis = static_cast<int>(axes.as<std::int64_t>()[0]), rank = n.in(0)->type->rank();
  return axis < 0 ? axis + rank : axis;
}

bool over_last_axis(const Match& m, std::initializer_list<std::string_view> reductions) {
  for (const std::string_view name : reductions)
    if (kept_axis(m, name) != m["x"]->type->rank() - 1) return false;
  return true;
}

Attributes attributes_of(const Match& m) {
  return {{"axis", std::int64_t{-1}}, {"epsilon", static_cast<float>(*scalar_value(m["epsilon"]))}};
}

// A factor or summand over the last axis, as LayerNormalization takes it: a constant of its size.
Value* per_channel(Graph& graph, Value* v, const Dim& size) {
  if (!v->is_constant() || !size.is_constant() || v->constant->dtype() != DType::float32) return nullptr;
  if (v->constant->size() != static_cast<std::size_t>(*size.constant()) || v->constant->rank() == 0) return nullptr;
  if (v->constant->shape().back() != *size.constant()) return nullptr;
  if (v->constant->rank() == 1) return v;
  return graph.add_constant(v->constant->reshaped({*size.constant()}), v->name);
}

// All ones, since Scale is required.
Value* ones(Graph& graph, const Dim& size) {
  Tensor t(DType::float32, {*size.constant()});
  for (float& e : t.as<float>()) e = 1;
  return graph.add_constant(std::move(t));
}

bool layer_norm(Graph& graph, Node* n) {
  if (!n->is("Div") && !n->is("Mul")) return false;
  const auto m = match(normalised, n->out());
  if (!m || !m->values.at("x")->type || !over_last_axis(*m, {"mean", "variance"})) return false;
  const Dim& size = (*m)["x"]->type->shape.back();
  if ((*m)["x"]->type->dtype != DType::float32 || !size.is_constant()) return false;
  replace_match(graph, *m, "LayerNormalization", "", {(*m)["x"], ones(graph, size)}, attributes_of(*m));
  return true;
}

bool rms_norm(Graph& graph, Node* n) {
  if (!n->is("Div") && !n->is("Mul")) return false;
  const auto m = match(rms_normalised, n->out());
  if (!m || !m->values.at("x")->type || !over_last_axis(*m, {"variance"})) return false;
  const Dim& size = (*m)["x"]->type->shape.back();
  if ((*m)["x"]->type->dtype != DType::float32 || !size.is_constant()) return false;
  replace_match(graph, *m, "RMSNormalization", "", {(*m)["x"], ones(graph, size)}, attributes_of(*m));
  return true;
}

bool all_ones(const Value* v) {
  if (!v || !v->is_constant() || v->constant->dtype() != DType::float32) return false;
  for (const float e : v->constant->as<float>())
    if (!(e == 1)) return false;
  return true;
}

// (normalised * gamma) where the scale is still 1.
bool absorb_scale(Graph& graph, Node* n) {
  if (!n->is("Mul")) return false;
  for (std::size_t i = 0; i < 2; ++i) {
    Node* norm = n->in(i)->producer;
    if (!norm || !(norm->is("LayerNormalization") || norm->is("RMSNormalization")) || norm->inputs.size() != 2) continue;
    if (graph.only_user(norm->out()) != n || !all_ones(norm->in(1)) || !(norm->out()->type == n->out()->type)) continue;
    Value* gamma = per_channel(graph, n->in(1 - i), n->out()->type->shape.back());
    if (!gamma) continue;
    Match both{{}, {}, {n, norm}};
    replace_match(graph, both, norm->op, "", {norm->in(0), gamma}, norm->attributes);
    return true;
  }
  return false;
}

// (normalised * gamma) + beta.
bool absorb_bias(Graph& graph, Node* n) {
  if (!n->is("Add")) return false;
  for (std::size_t i = 0; i < 2; ++i) {
    Node* norm = n->in(i)->producer;
    if (!norm || !norm->is("LayerNormalization") || norm->inputs.size() != 2 || norm->attr_int("axis", -1) != -1) continue;
    if (graph.only_user(norm->out()) != n || !(norm->out()->type == n->out()->type)) continue;
    Value* beta = per_channel(graph, n->in(1 - i), n->out()->type->shape.back());
    if (!beta) continue;
    Match both{{}, {}, {n, norm}};
    replace_match(graph, both, norm->op, "", {norm->in(0), norm->in(1), beta}, norm->attributes);
    return true;
  }
  return false;
}

bool step(Graph& graph, Node* n) {
  return layer_norm(graph, n) || rms_norm(graph, n) || absorb_scale(graph, n) || absorb_bias(graph, n);
}

}  // namespace

// LayerNormalization and RMSNormalization over the last axis from ReduceMean, Sub, Pow or Mul, Sqrt, Div or Reciprocal,
// with constant scale and bias absorbed. Does not fire where an intermediate is read elsewhere, the axis is another, or
// epsilon is no constant. Reassociates the sums.
bool recognise_normalisation(Graph& graph) { return rewrite_all(graph, step); }

}  // namespace inferc
