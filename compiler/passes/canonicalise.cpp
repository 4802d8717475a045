#include <algorithm>
#include <numeric>
#include <tuple>

#include "compiler/ops/fused.hpp"
#include "compiler/passes/edit.hpp"
#include "compiler/passes/match.hpp"
#include "compiler/passes/passes.hpp"

namespace inferc {
namespace canonicalise_detail {
namespace {

using Permutation = std::vector<std::int64_t>;

bool forward(Graph& graph, Node* n, Value* to) {
  if (!to->type || !n->out()->type || !(*to->type == *n->out()->type)) return false;
  graph.replace_uses(n->out(), to);
  return true;
}

// Nodes that hand their input on unchanged.
bool drop_identity(Graph& graph, Node* n) {
  if (n->is("Identity")) return forward(graph, n, n->in(0));
  const bool alike = n->in(0) && n->in(0)->type && n->out()->type && *n->in(0)->type == *n->out()->type;
  if (!alike || checks_sizes(*n)) return false;
  if (n->is("Reshape") || n->is("Expand") || n->is("Cast") || n->is("Squeeze") || n->is("Unsqueeze") || n->is("Flatten")) return forward(graph, n, n->in(0));
  return n->is("Concat") && n->inputs.size() == 1 && forward(graph, n, n->in(0));
}

// Operators that only give the elements another shape become Reshape's inner form: one operand, type on the output.
bool is_reshape(const Node& n) {
  const bool one = n.is("Reshape") || n.is("Squeeze") || n.is("Unsqueeze") || n.is("Flatten") || n.is("View", "inferc");
  return one && !checks_sizes(n);
}

bool to_view(Graph& graph, Node* n) {
  if (!is_reshape(*n) || !n->out()->type) return false;
  Value* from = n->in(0);
  while (from->producer && is_reshape(*from->producer)) from = from->producer->in(0);
  if (n->is("View", "inferc") && from == n->in(0)) return false;
  replace_match(graph, Match{{}, {}, {n}}, "View", "inferc", {from});
  return true;
}

Permutation permutation(const Node& n) {
  Permutation reversed(n.in(0)->type->shape.size());
  std::iota(reversed.rbegin(), reversed.rend(), 0);
  return n.attr("perm", reversed);
}

// Transpose(Transpose(x)) is one Transpose, or x.
bool merge_transposes(Graph& graph, Node* n) {
  if (!n->is("Transpose")) return false;
  const Permutation outer = permutation(*n);
  if (std::is_sorted(outer.begin(), outer.end())) return forward(graph, n, n->in(0));
  Node* first = n->in(0)->producer;
  if (!first || !first->is("Transpose")) return false;
  const Permutation inner = permutation(*first);
  Permutation both;
  for (const std::int64_t d : outer) both.push_back(inner[static_cast<std::size_t>(d)]);
  n->attributes["perm"] = both;
  graph.set_input(n, 0, first->in(0));
  return true;
}

// Which sizes differ from 1, in order: a Transpose that only moves dims of size 1 is a View.
bool transpose_to_view(Node* n) {
  if (!n->is("Transpose")) return false;
  Permutation moved;
  for (const std::int64_t d : permutation(*n))
    if (!n->in(0)->type->shape[static_cast<std::size_t>(d)].is(1)) moved.push_back(d);
  if (!std::is_sorted(moved.begin(), moved.end())) return false;
  n->op = "View";
  n->domain = "inferc";
  n->attributes.clear();
  return true;
}

// x - c for a constant stays; x / 1, x * 1, x + 0 are x. (x + 0 turns -0 into +0: only x - 0 and x + -0 are exact, so
// + 0 is left alone.)
bool drop_neutral(Graph& graph, Node* n) {
  if (!n->is("Mul") && !n->is("Div")) return false;
  const auto right = scalar_value(n->in(1)), left = scalar_value(n->in(0));
  if (right == 1.0) return forward(graph, n, n->in(0));
  return n->is("Mul") && left == 1.0 && forward(graph, n, n->in(1));
}

// x^2 is x * x: the functor computes it so.
bool square_to_product(Graph& graph, Node* n) {
  if (!n->is("Pow") || scalar_value(n->in(1)) != 2.0 || !n->out()->type || n->in(0)->type != n->out()->type) return false;
  const Edit edit(graph, n);
  edit.replace_with(edit("Mul", {n->in(0), n->in(0)}));
  return true;
}

// A Clip with one bound is Max or Min.
bool clip_to_bound(Graph& graph, Node* n) {
  if (!n->is("Clip") || !n->out()->type || !n->in(1) == !n->in(2)) return false;
  Value* bound = n->in(1) ? n->in(1) : n->in(2);
  if (!bound->type || bound->type->rank() != 0) return false;
  const Edit edit(graph, n);
  edit.replace_with(edit(n->in(1) ? "Max" : "Min", {n->in(0), bound}));
  return true;
}

// Constants of commutative operators stand on the right.
bool constant_right(Graph& graph, Node* n) {
  if (!(n->is("Add") || n->is("Mul")) || !n->in(0)->is_constant() || n->in(1)->is_constant()) return false;
  Value *a = n->in(0), *b = n->in(1);
  graph.set_input(n, 0, b);
  graph.set_input(n, 1, a);
  return true;
}

// A Tile that repeats dims of size 1 only is an Expand.
bool tile_to_expand(Graph& graph, Node* n) {
  if (!n->is("Tile") || !n->out()->type || checks_sizes(*n)) return false;
  const Shape &from = n->in(0)->type->shape, &to = n->out()->type->shape;
  for (std::size_t d = 0; d < from.size(); ++d)
    if (!(from[d] == to[d]) && !from[d].is(1)) return false;
  const Edit edit(graph, n);
  edit.replace_with(edit("Expand", {n->in(0), edit.sizes(to)}));
  return true;
}

// Elementwise operators broadcast by themselves, as long as another operand has the size.
bool drop_expand(Graph& graph, Node* n) {
  if (!is_elementwise(*n) || !n->out()->type) return false;
  for (std::size_t i = 0; i < n->inputs.size(); ++i) {
    const Node* expand = n->in(i)->producer;
    if (!expand || !expand->is("Expand") || checks_sizes(*expand) || expand->in(0)->type->rank() != expand->out()->type->rank()) continue;
    const auto covers = [&](const Value* v) { return v != n->in(i) && v->type->shape == n->out()->type->shape; };
    if (std::none_of(n->inputs.begin(), n->inputs.end(), covers)) continue;
    graph.set_input(n, i, expand->in(0));
    return true;
  }
  return false;
}

// Tuples of one index along the first axis are a Gather.
bool gather_nd_to_gather(Graph& graph, Node* n) {
  if (!n->is("GatherND") || n->attr_int("batch_dims", 0) != 0 || !n->out()->type || !n->in(1)->type->shape.back().is(1)) return false;
  const Edit edit(graph, n);
  const Shape& tuples = n->in(1)->type->shape;
  edit.replace_with(edit("Gather", {n->in(0), edit.view(n->in(1), {tuples.begin(), tuples.end() - 1})}, {{"axis", std::int64_t{0}}}));
  return true;
}

bool step(Graph& graph, Node* n) {
  return gather_nd_to_gather(graph, n) || tile_to_expand(graph, n) || square_to_product(graph, n) || clip_to_bound(graph, n) || drop_expand(graph, n) ||
         drop_identity(graph, n) || to_view(graph, n) || merge_transposes(graph, n) || transpose_to_view(n) || drop_neutral(graph, n) ||
         constant_right(graph, n);
}

bool same_node(const Node& a, const Node& b) {
  if (std::tie(a.op, a.domain, a.inputs) != std::tie(b.op, b.domain, b.inputs)) return false;
  if (!a.regions.empty() || !b.regions.empty() || a.outputs.size() != b.outputs.size()) return false;
  for (std::size_t i = 0; i < a.outputs.size(); ++i)
    if (!a.outputs[i] != !b.outputs[i] || (a.outputs[i] && (a.outputs[i]->type != b.outputs[i]->type || a.outputs[i]->content != b.outputs[i]->content)))
      return false;
  return a.attributes == b.attributes;
}

}  // namespace
}  // namespace canonicalise_detail

// One spelling for each thing: no identities, shape-only operators as `inferc.View`, merged Transposes, squares as products,
// GatherND by single indices as Gather, constants of Add and Mul on the right. Exact.
bool canonicalise(Graph& graph) {
  using namespace canonicalise_detail;
  return rewrite_all(graph, step);
}

// Nodes with equal operators, operands and attributes become one. Exact.
bool eliminate_common_subexpressions(Graph& graph) {
  using namespace canonicalise_detail;
  bool changed = false;
  std::multimap<std::pair<std::string, const Value*>, Node*> seen;
  for (Node* n : graph.nodes()) {
    if (!graph.is_read(*n)) continue;
    const std::pair key(n->op, static_cast<const Value*>(n->in(0)));
    Node* twin = nullptr;
    for (auto [at, end] = seen.equal_range(key); at != end && !twin; ++at)
      if (same_node(*at->second, *n)) twin = at->second;
    if (!twin) {
      seen.emplace(key, n);
      continue;
    }
    for (std::size_t i = 0; i < n->outputs.size(); ++i)
      if (n->outputs[i]) graph.replace_uses(n->outputs[i], twin->outputs[i]);
    changed = true;
  }
  graph.erase_dead();
  return changed;
}

}  // namespace inferc
