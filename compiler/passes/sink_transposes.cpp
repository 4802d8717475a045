#include <algorithm>
#include <numeric>

#include "compiler/ops/fused.hpp"
#include "compiler/passes/edit.hpp"
#include "compiler/passes/match.hpp"
#include "compiler/passes/passes.hpp"

namespace inferc {
namespace sink_transposes_detail {
namespace {

using Permutation = std::vector<std::int64_t>;

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

Shape permuted(const Shape& shape, const Permutation& p) {
  Shape out;
  for (const std::int64_t d : p) out.push_back(shape[static_cast<std::size_t>(d)]);
  return out;
}

// `v` transposed by `p` where that moves no elements: only dims of size 1, or dims that an Expand repeats. Else null.
Value* freely_transposed(const Edit& edit, Value* v, const Permutation& p) {
  if (v->is_constant()) return edit.transpose(v, p);
  if (free_to_transpose(v->type->shape, p)) return edit.view(v, permuted(v->type->shape, p));
  const Node* expand = v->producer;
  if (!expand || !expand->is("Expand") || checks_sizes(*expand) || expand->in(0)->type->rank() != v->type->rank()) return nullptr;
  Value* narrow = freely_transposed(edit, expand->in(0), p);
  return narrow ? edit("Expand", {narrow, edit.sizes(permuted(v->type->shape, p))}) : nullptr;
}

// `v`, which broadcasts to rank p.size(), as it is before a Transpose by `p` of the result; null if that costs a copy.
// Leading dims are added where missing.
Value* before_transpose(const Edit& edit, Value* v, const Permutation& p) {
  if (v->type->rank() == 0) return v;
  Permutation back = inverse_permutation(p);
  if (const Node* t = transpose_of(v); t && v->type->shape.size() == p.size()) {
    const auto own = t->attr("perm", Permutation{});
    if (own == p) return t->in(0);
    for (std::int64_t& d : back) d = own[static_cast<std::size_t>(d)];
    return freely_transposed(edit, t->in(0), back);
  }
  Shape shape(p.size() - v->type->shape.size(), Dim(1));
  shape.insert(shape.end(), v->type->shape.begin(), v->type->shape.end());
  const bool expanded = shape.size() == v->type->shape.size() && v->producer && v->producer->is("Expand") && !checks_sizes(*v->producer);
  if (!v->is_constant() && !expanded && !free_to_transpose(shape, back)) return nullptr;
  return freely_transposed(edit, edit.view(v, shape), back);
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

// Permutations of the Transposes among the operands of full rank.
std::vector<Permutation> permutations_of(const Node& n) {
  std::vector<Permutation> out;
  for (const Value* v : n.inputs)
    if (const Node* t = transpose_of(v); t && v->type->rank() == n.out()->type->rank()) {
      const auto p = t->attr("perm", Permutation{});
      if (std::find(out.begin(), out.end(), p) == out.end()) out.push_back(p);
    }
  return out;
}

struct Before {
  Permutation permutation;
  std::vector<Value*> operands;
};

// The operands before one of their Transposes, which then stands behind the node.
std::optional<Before> before_one_transpose(const Edit& edit, const Node& n) {
  for (const Permutation& p : permutations_of(n))
    if (auto operands = operands_before(edit, n, p); !operands.empty()) return Before{p, std::move(operands)};
  return std::nullopt;
}

bool through_elementwise(Graph& graph, Node* n) {
  if (!is_elementwise(*n)) return false;
  const Edit edit(graph, n);
  const auto before = before_one_transpose(edit, *n);
  if (!before) return false;
  edit.replace_with(edit.transpose(edit.again(*n, before->operands), before->permutation));
  return true;
}

std::int64_t axis_of(const Node& n, std::int64_t otherwise) {
  const std::int64_t axis = n.attr_int("axis", otherwise);
  return static_cast<std::int64_t>(from_front(axis, n.out()->type->rank()));
}

// Concat, Softmax: one attribute axis.
bool through_axis(Graph& graph, Node* n) {
  const bool softmax = n->is("Softmax") && !n->attributes.count("flatten");
  if (!n->is("Concat") && !softmax) return false;
  const Edit edit(graph, n);
  const auto before = before_one_transpose(edit, *n);
  if (!before) return false;
  const std::int64_t axis = before->permutation[static_cast<std::size_t>(axis_of(*n, -1))];
  edit.replace_with(edit.transpose(edit(n->op, before->operands, {{"axis", axis}}), before->permutation));
  return true;
}

bool is_reduction(const Node& n) { return n.op.starts_with("Reduce") && n.domain.empty(); }

std::optional<std::vector<std::int64_t>> reduced_axes(const Node& n) {
  const Value* axes = n.in(1);
  if (!axes || !axes->is_constant() || axes->constant->dtype() != DType::int64) return std::nullopt;
  std::vector<std::int64_t> out;
  for (const std::int64_t a : axes->constant->as<std::int64_t>()) out.push_back(static_cast<std::int64_t>(from_front(a, n.in(0)->type->rank())));
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

// A reduction runs row-major over its axes, and even a maximum of -0 and +0 is the first of them: the Transpose must leave
// the axes in their order.
bool same_order(const Node& reduction, std::vector<std::int64_t> axes, const Permutation& p) {
  std::sort(axes.begin(), axes.end());
  std::erase_if(axes, [&](std::int64_t a) { return reduction.in(0)->type->shape[static_cast<std::size_t>(a)].is(1); });
  return std::is_sorted(axes.begin(), axes.end(),
                        [&](std::int64_t a, std::int64_t b) { return p[static_cast<std::size_t>(a)] < p[static_cast<std::size_t>(b)]; });
}

bool through_reduction(Graph& graph, Node* n) {
  const Node* t = is_reduction(*n) ? transpose_of(n->in(0)) : nullptr;
  const auto axes = t ? reduced_axes(*n) : std::nullopt;
  if (!axes || axes->empty()) return false;
  const auto p = t->attr("perm", Permutation{});
  if (!same_order(*n, *axes, p)) return false;
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

// Neighbouring dims of a View's input that become neighbouring dims of its output.
struct Group {
  std::size_t from_begin, from_end, to_begin, to_end;
};

// The smallest groups with equal products; nothing where sizes do not tell.
std::optional<std::vector<Group>> matched_groups(const Shape& from, const Shape& to) {
  std::vector<Group> out;
  std::size_t d = 0, i = 0;
  while (d < from.size() || i < to.size()) {
    Group g{d, d, i, i};
    const bool one_from = d < from.size() && from[d].is(1), one_to = i < to.size() && to[i].is(1);
    if (one_from) ++d;
    if (one_to) ++i;
    if (!one_from && !one_to) {
      if (d == from.size() || i == to.size()) return std::nullopt;
      Dim left = from[d++], right = to[i++];
      while (!(left == right)) {
        if (left.is(0) || right.is(0)) return std::nullopt;
        if (i < to.size() && divided(left, right)) right = right * to[i++];
        else if (d < from.size() && divided(right, left)) left = left * from[d++];
        else return std::nullopt;
      }
    }
    g.from_end = d;
    g.to_end = i;
    out.push_back(g);
  }
  return out;
}

// Whether the group's dims also are neighbours in this order before the Transpose.
bool neighbours_before(const Group& g, const Permutation& p) {
  for (std::size_t d = g.from_begin; d + 1 < g.from_end; ++d)
    if (p[d + 1] != p[d] + 1) return false;
  return true;
}

// A View that splits, joins, adds or removes dims which are neighbours before the Transpose, too.
bool through_view(Graph& graph, Node* n) {
  const Node* t = n->is("View", "inferc") ? transpose_of(n->in(0)) : nullptr;
  if (!t) return false;
  const Shape& to = n->out()->type->shape;
  const auto p = t->attr("perm", Permutation{});
  auto groups = matched_groups(n->in(0)->type->shape, to);
  if (!groups || !std::all_of(groups->begin(), groups->end(), [&](const Group& g) { return neighbours_before(g, p); })) return false;
  const auto place = [&](const Group& g) { return g.from_begin == g.from_end ? static_cast<std::int64_t>(p.size()) : p[g.from_begin]; };
  std::stable_sort(groups->begin(), groups->end(), [&](const Group& a, const Group& b) { return place(a) < place(b); });
  Shape before;
  Permutation out(to.size());
  for (const Group& g : *groups)
    for (std::size_t i = g.to_begin; i < g.to_end; ++i) {
      out[i] = static_cast<std::int64_t>(before.size());
      before.push_back(to[i]);
    }
  const Edit edit(graph, n);
  edit.replace_with(edit.transpose(edit.view(t->in(0), before), out));
  return true;
}

// Gather along one axis: the dims of the indices take the axis' place.
bool through_gather(Graph& graph, Node* n) {
  const Node* t = n->is("Gather") ? transpose_of(n->in(0)) : nullptr;
  if (!t) return false;
  const auto p = t->attr("perm", Permutation{});
  const std::int64_t rank = n->in(0)->type->rank(), added = n->in(1)->type->rank() - 1, given = n->attr_int("axis", 0);
  const std::size_t axis = from_front(given, rank);
  const auto moved = [&](std::int64_t d) { return d > p[axis] ? d + added : d; };
  Permutation out;
  for (std::size_t d = 0; d < p.size(); ++d) {
    if (d != axis) out.push_back(moved(p[d]));
    for (std::int64_t k = 0; d == axis && k <= added; ++k) out.push_back(p[axis] + k);
  }
  const Edit edit(graph, n);
  edit.replace_with(edit.transpose(edit("Gather", {t->in(0), n->in(1)}, {{"axis", p[axis]}}), out));
  return true;
}

// Expand of a Transpose to known sizes.
bool through_expand(Graph& graph, Node* n) {
  const Node* t = n->is("Expand") && !checks_sizes(*n) ? transpose_of(n->in(0)) : nullptr;
  if (!t || n->in(0)->type->rank() != n->out()->type->rank()) return false;
  const auto p = t->attr("perm", Permutation{});
  const Edit edit(graph, n);
  Shape shape;
  for (const std::int64_t d : inverse_permutation(p)) shape.push_back(n->out()->type->shape[static_cast<std::size_t>(d)]);
  edit.replace_with(edit.transpose(edit("Expand", {t->in(0), edit.sizes(shape)}), p));
  return true;
}

bool step(Graph& graph, Node* n) {
  if (n->outputs.size() != 1 || !n->out() || !n->out()->type) return false;
  return through_elementwise(graph, n) || through_axis(graph, n) || through_reduction(graph, n) || through_view(graph, n) || through_gather(graph, n) ||
         through_expand(graph, n);
}

}  // namespace
}  // namespace sink_transposes_detail

// Transposes move towards the outputs through elementwise operators, Concat, Softmax, reductions, Gather, Expand and
// Views, where every other operand is moved without a copy; pairs then cancel (canonicalise). Does not fire on a
// reduction whose axes the Transpose reorders, for that would reorder its sum. Exact.
bool sink_transposes(Graph& graph) {
  using namespace sink_transposes_detail;
  const bool changed = rewrite_all(graph, step);
  return canonicalise(graph) || changed;
}

}  // namespace inferc
