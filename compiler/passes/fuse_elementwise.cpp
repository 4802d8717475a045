#include <algorithm>
#include <map>
#include <set>

#include "compiler/ops/fused.hpp"
#include "compiler/passes/edit.hpp"
#include "compiler/passes/match.hpp"
#include "compiler/passes/passes.hpp"

namespace inferc {
namespace fuse_elementwise_detail {
namespace {

constexpr std::size_t most_operands = 8, most_nodes = 24;

// Values that a group reads from outside, each once, in order; single constants stay inside as literals.
std::vector<Value*> operands_of(const std::vector<Node*>& group) {
  std::vector<Value*> out;
  const std::set<const Node*> inside(group.begin(), group.end());
  for (const Node* n : group)
    for (Value* v : n->inputs) {
      const bool own = v->producer && inside.count(v->producer);
      const bool literal = v->is_constant() && v->constant->size() == 1 && v->constant->dtype() == DType::float32;
      if (!own && !literal && std::find(out.begin(), out.end(), v) == out.end()) out.push_back(v);
    }
  return out;
}

bool readers_inside(const Value* v, const std::set<const Node*>& group) {
  return !v->producer->graph->is_output(v) && std::all_of(v->uses.begin(), v->uses.end(), [&](const Use& u) { return group.count(u.node) > 0; });
}

// Grows from `root` towards its producers: elementwise nodes and picked rows of the same shape that only the group reads.
std::vector<Node*> grow(Node* root, const std::set<const Node*>& taken) {
  std::vector<Node*> group{root};
  std::set<const Node*> inside{root};
  const Shape& shape = root->out()->type->shape;
  for (bool again = true; again && group.size() < most_nodes;) {
    again = false;
    for (std::size_t i = 0; i < group.size() && !again; ++i) {
      if (picks_rows(*group[i])) continue;
      for (Value* v : group[i]->inputs) {
        Node* p = v->producer;
        if (!p || inside.count(p) || taken.count(p) || !(is_elementwise(*p) || picks_rows(*p)) || !(v->type->shape == shape)) continue;
        if (!readers_inside(v, inside)) continue;
        std::vector<Node*> larger = group;
        larger.push_back(p);
        if (operands_of(larger).size() > most_operands) continue;
        group = std::move(larger);
        inside.insert(p);
        again = true;
        break;
      }
    }
  }
  return group;
}

// The index that picks rows in the order and groups in which `n`, a View or a Transpose, puts those that `index` picks; null where it
// changes the rows themselves, the last `row_dims` dims.
Value* index_of(const Edit& edit, const Node& n, Value* index, const Shape& table) {
  const auto row_dims = std::ssize(table) - 1;
  const Shape& out = n.out()->type->shape;
  if (std::ssize(out) < row_dims || !std::equal(table.begin() + 1, table.end(), out.end() - row_dims)) return nullptr;
  if (n.is("View", "inferc")) return edit.view(index, Shape(out.begin(), out.end() - row_dims));
  auto permutation = n.attr("perm", std::vector<std::int64_t>{});
  const auto kept = std::ssize(permutation) - row_dims;
  for (std::ptrdiff_t d = kept; d < std::ssize(permutation); ++d)
    if (permutation[static_cast<std::size_t>(d)] != d) return nullptr;
  permutation.resize(static_cast<std::size_t>(kept));
  return edit.transpose(index, permutation);
}

// View or Transpose (Gather(table, index)) -> Gather(table, View or Transpose (index)), so that what follows reads rows of a table.
bool move_to_index(Graph& graph, Node* n) {
  if (!n->is("View", "inferc") && !(n->is("Transpose") && n->attributes.count("perm") != 0)) return false;
  Node* gather = n->in(0)->producer;
  if (!gather || !picks_rows(*gather) || graph.only_user(gather->out()) != n) return false;
  const Shape& table = gather->in(0)->type->shape;
  if (from_front(gather->attr_int("axis", 0), std::ssize(table)) != 0) return false;
  const Edit edit(graph, n);
  Value* index = index_of(edit, *n, gather->in(1), table);
  if (!index) return false;
  edit.replace_with(edit("Gather", {gather->in(0), index}, {{"axis", std::int64_t{0}}}));
  return true;
}

void sort_by_order(const Graph& graph, std::vector<Node*>& group) {
  const std::set<const Node*> inside(group.begin(), group.end());
  group.clear();
  for (Node* n : graph.nodes())
    if (inside.count(n)) group.push_back(n);
}

}  // namespace
}  // namespace fuse_elementwise_detail

// The nodes of `group`, in order, as a region with the inputs `operands`; the last one's output is its output.
Region make_region(const Graph& graph, const std::string& name, const std::vector<Node*>& group, const std::vector<Value*>& operands, std::size_t captures) {
  Region region{name, std::make_unique<Graph>(graph.shared_symbols()), captures};
  std::map<const Value*, Value*> inner;
  for (Value* v : operands) inner[v] = region.graph->add_input(v->name, *v->type);
  for (const Node* n : group) {
    std::vector<Value*> inputs;
    for (Value* v : n->inputs) {
      if (!inner.count(v)) inner[v] = region.graph->add_constant(*v->constant, v->name);
      inputs.push_back(inner.at(v));
    }
    Node* copy = region.graph->add_node(n->op, std::move(inputs), 1, n->attributes);
    copy->domain = n->domain;
    copy->name = n->name;
    copy->origins = n->origins;
    copy->opset = n->opset;
    copy->outputs[0]->name = n->out()->name;
    copy->outputs[0]->type = n->out()->type;
    inner[n->out()] = copy->outputs[0];
  }
  region.graph->set_outputs({inner.at(group.back()->out())});
  return region;
}

// Groups of elementwise nodes of one shape, each read inside the group only but for the last, become `inferc.Fused`. So do Gathers of
// rows that the group reads: it finds them in their table, also behind a View or Transpose that leaves the rows themselves. Does not
// fire on a single node, nor where the group has no functor expression, nor takes rows so short that the loop over each costs more than
// to write and read them again. Exact: the same functors in the same order.
bool fuse_elementwise(Graph& graph) {
  using namespace fuse_elementwise_detail;
  bool changed = false;
  for (Node* n : graph.nodes()) changed |= move_to_index(graph, n);
  graph.erase_dead();
  std::set<const Node*> taken;
  std::vector<Node*> nodes = graph.nodes();
  for (auto at = nodes.rbegin(); at != nodes.rend(); ++at) {
    Node* root = *at;
    if (taken.count(root) || !is_elementwise(*root)) continue;
    std::vector<Node*> group = grow(root, taken);
    if (group.size() < 2) continue;
    sort_by_order(graph, group);
    const std::vector<Value*> operands = operands_of(group);
    Region body = make_region(graph, "body", group, operands, operands.size());
    if (!region_expression(*body.graph, 0)) continue;
    for (const Node* n : group) taken.insert(n);
    Node* fused = graph.add_node("Fused", operands, 1, {}, root);
    fused->domain = "inferc";
    fused->origins = joined_origins(group);
    fused->outputs[0]->name = root->out()->name;
    fused->outputs[0]->type = root->out()->type;
    fused->regions.push_back(std::move(body));
    graph.replace_uses(root->out(), fused->outputs[0]);
    changed = true;
  }
  return graph.erase_dead() || changed;
}

}  // namespace inferc
