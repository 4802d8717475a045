#include <algorithm>
#include <numeric>

#include "compiler/ops/fused.hpp"
#include "compiler/passes/edit.hpp"
#include "compiler/passes/match.hpp"
#include "compiler/passes/passes.hpp"

namespace inferc {
namespace {

using Permutation = std::vector<std::int64_t>;

Permutation inverse(const Permutation& p) {
  Permutation out(p.size());
  for (std::size_t d = 0; d < p.size(); ++d) out[static_cast<std::size_t>(p[d])] = static_cast<std::int64_t>(d);
  return out;
}

const Node* transpose_of(const Value* v) {
  const Node* n = v ? v->producer : nullptr;
  return n && n->is("Transpose") && n->attributes.count("perm") ? n : nullptr;
}

// Whether a Transpose by `p` moves nothing but dims of size 1.
bool free_to_transpose(const Shape& shape, const Permutation& p) {
  Permutation moved;
  for (const std::int64_t d : p)
    if (!shape[static_cast<std::size_t>(d)].is(1)) moved.push_back(d);
  return std::is_sorted(moved.begin(), moved.end());
}

// `v`, which broadcasts to rank p.size(), as it is before a Transpose by `p` of the result; null if that costs a copy.
// Leading dims are added where missing.
Value* before_transpose(const Edit& edit, Value* v, const Permutation& p) {
  if (const Node* t = transpose_of(v); t && t->attr("perm", Permutation{}) == p) return t->in(0);
  if (v->type->rank() == 0) return v;
  Shape shape(p.size() - v->type->shape.size(), Dim(1));
  shape.insert(shape.end(), v->type->shape.begin(), v->type->shape.end());
  const Permutation back = inverse(p);
  if (!v->is_constant() && !free_to_transpose(shape, back)) return nullptr;
  return edit.transpose(edit.view(v, shape), back);
}

// Every operand before the Transpose `p`; empty if one of them costs a copy.
std::vector<Value*> operands_before(const Edit& edit, const Node& n, const Permutation& p) {
  std::vector<Value*> out;
  for (Value* v : n.inputs) {
    Value* before = v ? before_transpose(edit, v, p) : nullptr;
    if (v && !before) return {};
    out.push_back(before);
  }
  return out;
}

// The one permutation that Transposes among the operands of full rank share.
std::optional<Permutation> shared_permutation(const Node& n) {
  std::optional<Permutation> found;
  for (const Value* v : n.inputs)
    if (const Node* t = transpose_of(v); t && v->type->rank() == n.out()->type->rank()) {
      const auto p = t->attr("perm", Permutation{});
      if (found && *found != p) return std::nullopt;
      found = p;
    }
  return found;
}

bool through_elementwise(Graph& graph, Node* n) {
  if (!is_elementwise(*n)) return false;
  const auto p = shared_permutation(*n);
  if (!p) return false;
  const Edit edit(graph, n);
  const std::vector<Value*> inputs = operands_before(edit, *n, *p);
  if (inputs.empty()) return false;
  edit.replace_with(edit.transpose(edit(n->op, inputs, n->attributes), *p));
  return true;
}

std::int64_t axis_of(const Node& n, std::int64_t otherwise) {
  const std::int64_t axis = n.attr_int("axis", otherwise);
  return axis < 0 ? axis + n.out()->type->rank() : axis;
}

// Concat, Softmax: one attribute axis.
bool through_axis(Graph& graph, Node* n) {
  const bool softmax = n->is("Softmax") && !n->attributes.count("flatten");
  if (!n->is("Concat") && !softmax) return false;
  const auto p = shared_permutation(*n);
  if (!p) return false;
  const Edit edit(graph, n);
  const std::vector<Value*> inputs = operands_before(edit, *n, *p);
  if (inputs.empty()) return false;
  const std::int64_t axis = (*p)[static_cast<std::size_t>(axis_of(*n, -1))];
  edit.replace_with(edit.transpose(edit(n->op, inputs, {{"axis", axis}}), *p));
  return true;
}

bool is_reduction(const Node& n) { return n.op.starts_with("Reduce") && n.domain.empty(); }

std::optional<std::vector<std::int64_t>> reduced_axes(const Node& n) {
  const Value* axes = n.in(1);
  if (!axes || !axes->is_constant() || axes->constant->dtype() != DType::int64) return std::nullopt;
  std::vector<std::int64_t> out;
  for (const std::int64_t a : axes->constant->as<std::int64_t>()) out.push_back(a < 0 ? a + n.in(0)->type->rank() : a);
  return out;
}

// The order of the dims that stay, counted among themselves.
Permutation without(const Permutation& p, const std::vector<std::int64_t>& removed) {
  Permutation kept;
  for (const std::int64_t d : p)
    if (std::find(removed.begin(), removed.end(), d) == removed.end()) kept.push_back(d);
  Permutation sorted = kept, out;
  std::sort(sorted.begin(), sorted.end());
  for (const std::int64_t d : kept) out.push_back(std::lower_bound(sorted.begin(), sorted.end(), d) - sorted.begin());
  return out;
}

bool through_reduction(Graph& graph, Node* n) {
  const Node* t = is_reduction(*n) ? transpose_of(n->in(0)) : nullptr;
  const auto axes = t ? reduced_axes(*n) : std::nullopt;
  if (!axes || axes->empty()) return false;
  const auto p = t->attr("perm", Permutation{});
  std::vector<std::int64_t> before;
  for (const std::int64_t a : *axes) before.push_back(p[static_cast<std::size_t>(a)]);
  std::sort(before.begin(), before.end());
  const Edit edit(graph, n);
  Value* axes_before = graph.add_constant(tensor_of<std::int64_t>({static_cast<std::int64_t>(before.size())}, before));
  Value* reduced = edit(n->op, {t->in(0), axes_before}, n->attributes);
  const bool keeps = n->attr_int("keepdims", 1) != 0;
  edit.replace_with(edit.transpose(reduced, keeps ? p : without(p, before)));
  return true;
}

// A View that adds dims of size 1 (which are interchangeable): they take part in the permutation.
bool through_unsqueeze(Graph& graph, Node* n) {
  const Node* t = n->is("View", "inferc") ? transpose_of(n->in(0)) : nullptr;
  if (!t) return false;
  const Shape &from = n->in(0)->type->shape, &to = n->out()->type->shape;
  if (to.size() <= from.size()) return false;
  const auto p = t->attr("perm", Permutation{});
  Permutation out;  // old dims by their place before the Transpose, new ones at the end
  std::size_t d = 0;
  auto added = static_cast<std::int64_t>(from.size());
  for (const Dim& size : to) {
    if (d < from.size() && size == from[d]) out.push_back(p[d++]);
    else if (size.is(1)) out.push_back(added++);
    else return false;
  }
  if (d != from.size()) return false;
  const Edit edit(graph, n);
  Shape wide = t->in(0)->type->shape;
  wide.resize(to.size(), Dim(1));
  edit.replace_with(edit.transpose(edit.view(t->in(0), wide), out));
  return true;
}

// Expand of a Transpose to known sizes.
bool through_expand(Graph& graph, Node* n) {
  const Node* t = n->is("Expand") ? transpose_of(n->in(0)) : nullptr;
  if (!t || n->in(0)->type->rank() != n->out()->type->rank()) return false;
  const auto p = t->attr("perm", Permutation{});
  const Edit edit(graph, n);
  Shape shape;
  for (const std::int64_t d : inverse(p)) shape.push_back(n->out()->type->shape[static_cast<std::size_t>(d)]);
  edit.replace_with(edit.transpose(edit("Expand", {t->in(0), edit.sizes(shape)}), p));
  return true;
}

bool step(Graph& graph, Node* n) {
  if (n->outputs.size() != 1 || !n->out() || !n->out()->type || (n->out()->uses.empty() && !graph.is_output(n->out()))) return false;
  return through_elementwise(graph, n) || through_axis(graph, n) || through_reduction(graph, n) || through_unsqueeze(graph, n) ||
         through_expand(graph, n);
}

}  // namespace

// Transposes move towards the outputs through elementwise operators, Concat, Softmax, reductions, Expand and added dims of
// size 1, where every other operand is moved without a copy; pairs then cancel (canonicalise). Exact, but for the order
// of sums over several axes.
bool sink_transposes(Graph& graph) {
  const bool changed = rewrite_all(graph, step);
  return canonicalise(graph) || changed;
}

}  // namespace inferc
