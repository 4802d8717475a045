#include "compiler/passes/normalised.hpp"
#include "compiler/passes/passes.hpp"

namespace inferc {
namespace recognise_normalisation_detail {
namespace {

const Pattern x = Pattern::any("x");
const Pattern layer_normalised = normalised::centred(x), rms_normalised = normalised::uncentred(x);

bool over_last_axis(const Match& m, std::initializer_list<std::string_view> reductions) {
  for (const std::string_view name : reductions)
    if (normalised::kept_axes(m, name) != std::vector<std::int64_t>{m["x"]->type->rank() - 1}) return false;
  return true;
}

Attributes attributes_of(const Match& m) { return {{"axis", std::int64_t{-1}}, {"epsilon", static_cast<float>(*scalar_value(m["epsilon"]))}}; }

// A factor or summand over the last axis, as LayerNormalization takes it: a constant of its size.
Value* per_channel(Graph& graph, Value* v, const Dim& size) {
  if (!v->is_constant() || !size.is_constant() || v->constant->dtype() != DType::float32) return nullptr;
  if (v->constant->size() != static_cast<std::size_t>(*size.constant()) || v->constant->rank() == 0) return nullptr;
  if (v->constant->shape().back() != *size.constant()) return nullptr;
  if (v->constant->rank() == 1) return v;
  return graph.add_constant(v->constant->reshaped({*size.constant()}), v->name);
}

// The pattern over the last axis of a value becomes `op` with a scale of 1, since Scale is required.
bool recognise(Graph& graph, Node* n, const Pattern& pattern, std::initializer_list<std::string_view> reductions, const std::string& op) {
  if (!n->is("Div") && !n->is("Mul")) return false;
  const auto m = match(pattern, n->out());
  if (!m || !m->values.at("x")->type || !over_last_axis(*m, reductions)) return false;
  const Dim& size = (*m)["x"]->type->shape.back();
  if ((*m)["x"]->type->dtype != DType::float32 || !size.is_constant() || !((*m)["x"]->type == n->out()->type)) return false;
  replace_match(graph, *m, op, "", {(*m)["x"], normalised::filled(graph, *size.constant(), 1)}, attributes_of(*m));
  return true;
}

// (normalised * gamma) where the scale is still 1.
bool absorb_scale(Graph& graph, Node* n) {
  if (!n->is("Mul")) return false;
  for (std::size_t i = 0; i < 2; ++i) {
    Node* norm = n->in(i)->producer;
    if (!norm || !(norm->is("LayerNormalization") || norm->is("RMSNormalization")) || norm->inputs.size() != 2) continue;
    if (graph.only_user(norm->out()) != n || !normalised::all_equal(norm->in(1), 1) || !(norm->out()->type == n->out()->type)) continue;
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
  return recognise(graph, n, layer_normalised, {"mean", "variance"}, "LayerNormalization") ||
         recognise(graph, n, rms_normalised, {"variance"}, "RMSNormalization") || absorb_scale(graph, n) || absorb_bias(graph, n);
}

}  // namespace
}  // namespace recognise_normalisation_detail

// LayerNormalization and RMSNormalization over the last axis from ReduceMean, Sub, Pow or Mul, Sqrt, Div or Reciprocal,
// with constant scale and bias absorbed. Does not fire where an intermediate is read elsewhere, the axis is another, or
// epsilon is no constant. Reassociates the sums.
bool recognise_normalisation(Graph& graph) {
  using namespace recognise_normalisation_detail;
  return rewrite_all(graph, step);
}

}  // namespace inferc
