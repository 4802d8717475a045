#include <algorithm>
#include <numeric>

#include "compiler/passes/edit.hpp"
#include "compiler/passes/normalised.hpp"
#include "compiler/passes/passes.hpp"

namespace inferc {
namespace recognise_group_normalisation_detail {
namespace {

const Pattern x = Pattern::any("x");
const Pattern grouped = Pattern::op("inferc.View", {x}, "grouped");
const Pattern by_instance =
    Pattern::op("inferc.View", {Pattern::op("InstanceNormalization", {grouped, Pattern::constant("scale"), Pattern::constant("bias")}, "instance")});
// The grouped value stands in the pattern more than once: it is matched as a value, its View afterwards.
const Pattern by_moments = Pattern::op("inferc.View", {normalised::centred(Pattern::any("grouped_value"))});

// How many groups x [n, channels, ...] falls into as [n, groups, ...]; nothing where the View is no such grouping.
std::optional<std::int64_t> groups_of(const Value* x, const Value* grouped) {
  if (!x->type || x->type->dtype != DType::float32 || x->type->rank() < 2 || grouped->type->rank() < 3) return std::nullopt;
  const Shape &whole = x->type->shape, &parts = grouped->type->shape;
  const auto channels = whole[1].constant(), groups = parts[1].constant();
  if (!channels || !groups || !(whole[0] == parts[0]) || *groups < 1 || *channels % *groups != 0) return std::nullopt;
  return groups;
}

// The node without its affine part: channels that are scaled by 1 and shifted by 0.
bool replace(Graph& graph, Node* n, const Match& m, Value* from, const Value* grouped_value, float epsilon) {
  const auto groups = groups_of(from, grouped_value);
  if (!groups || !(from->type == n->out()->type)) return false;
  const std::int64_t channels = *from->type->shape[1].constant();
  replace_match(graph, m, "GroupNormalization", "", {from, normalised::filled(graph, channels, 1), normalised::filled(graph, channels, 0)},
                {{"epsilon", epsilon}, {"num_groups", *groups}});
  return true;
}

// View -> InstanceNormalization, which has a scale of 1 and a shift of 0 for each group -> View.
bool from_instances(Graph& graph, Node* n) {
  const auto m = match(by_instance, n->out());
  if (!m || !normalised::all_equal((*m)["scale"], 1) || !normalised::all_equal((*m)["bias"], 0)) return false;
  return replace(graph, n, *m, (*m)["x"], m->nodes.at("grouped")->out(), m->nodes.at("instance")->attr("epsilon", 1e-5f));
}

// View -> (x - mean) / sqrt(variance + epsilon) over all dims behind the groups -> View.
bool from_moments(Graph& graph, Node* n) {
  const auto m = match(by_moments, n->out());
  if (!m) return false;
  const Value* value = (*m)["grouped_value"];
  if (!value->type || !value->producer || !value->producer->is("View", "inferc")) return false;
  std::vector<std::int64_t> inner(static_cast<std::size_t>(std::max(value->type->rank() - 2, 0)));
  std::iota(inner.begin(), inner.end(), 2);
  if (normalised::kept_axes(*m, "mean") != inner || normalised::kept_axes(*m, "variance") != inner) return false;
  return replace(graph, n, *m, value->producer->in(0), value, static_cast<float>(*scalar_value((*m)["epsilon"])));
}

// A constant that varies along axis 1 of `shape` only, as a vector.
Value* per_channel(const Edit& edit, Value* v, const Shape& shape) {
  if (!v->is_constant() || v->constant->dtype() != DType::float32 || v->constant->rank() > shape.size()) return nullptr;
  const auto& own = v->constant->shape();
  const std::size_t missing = shape.size() - own.size();
  if (missing > 1 || !shape[1].is(own[1 - missing]) || v->constant->size() != static_cast<std::size_t>(own[1 - missing])) return nullptr;
  return edit.view(v, {shape[1]});
}

// normalised * gamma where the scale is still 1 and the shift 0; normalised + beta where the shift is 0.
bool absorb(Graph& graph, Node* n) {
  if (!n->is("Mul") && !n->is("Add")) return false;
  for (std::size_t i = 0; i < 2; ++i) {
    Node* norm = n->in(i)->producer;
    if (!norm || !norm->is("GroupNormalization") || norm->attr_int("per_group", 0) != 0 || graph.only_user(norm->out()) != n) continue;
    if (!normalised::all_equal(norm->in(2), 0) || (n->is("Mul") && !normalised::all_equal(norm->in(1), 1))) continue;
    if (!(norm->out()->type == n->out()->type)) continue;
    Value* affine = per_channel(Edit(graph, n), n->in(1 - i), n->out()->type->shape);
    if (!affine) continue;
    const std::vector<Value*> inputs = n->is("Mul") ? std::vector{norm->in(0), affine, norm->in(2)} : std::vector{norm->in(0), norm->in(1), affine};
    replace_match(graph, Match{{}, {}, {n, norm}}, norm->op, "", inputs, norm->attributes);
    return true;
  }
  return false;
}

bool step(Graph& graph, Node* n) {
  if (n->is("View", "inferc")) return from_instances(graph, n) || from_moments(graph, n);
  return absorb(graph, n);
}

}  // namespace
}  // namespace recognise_group_normalisation_detail

// GroupNormalization (ONNX 18) from what stands for it between two Views, [n, channels, ...] -> [n, groups, ...] and back:
// an InstanceNormalization, or ReduceMean, Sub, Pow or Mul, Sqrt, Div or Reciprocal over all dims of a group. Constant scale
// and bias per channel behind it are absorbed. Does not fire where an intermediate is read elsewhere, the reduced axes
// are others, epsilon is no constant, or the instances have a scale of their own. Reassociates the affine part.
bool recognise_group_normalisation(Graph& graph) {
  using namespace recognise_group_normalisation_detail;
  return rewrite_all(graph, step);
}

}  // namespace inferc
