#include "compiler/passes/keep_static.hpp"

#include <algorithm>
#include <set>

namespace inferc {
namespace {

using Values = std::set<const Value*>;

// Static inputs and what nodes compute from static values and constants.
Values static_values(const Graph& graph, const std::vector<std::size_t>& static_inputs) {
  Values out;
  for (const std::size_t i : static_inputs) out.insert(graph.inputs()[i]);
  for (const Node* n : graph.nodes()) {
    const bool some = std::any_of(n->inputs.begin(), n->inputs.end(), [&](const Value* v) { return v && out.count(v) > 0; });
    const bool all = std::all_of(n->inputs.begin(), n->inputs.end(), [&](const Value* v) { return !v || v->is_constant() || out.count(v) > 0; });
    if (some && all && n->measures.empty()) out.insert(n->outputs.begin(), n->outputs.end());
  }
  out.erase(nullptr);
  return out;
}

bool makes_static(const Node& n, const Values& values) {
  return std::all_of(n.outputs.begin(), n.outputs.end(), [&](const Value* v) { return !v || values.count(v) > 0; });
}

void put_between(Graph& graph, Value* v, const std::vector<Use>& uses) {
  std::set<const Node*> readers;
  for (const Use& u : uses) readers.insert(u.node);
  const std::vector<Node*> nodes = graph.nodes();
  Node* const first = *std::find_if(nodes.begin(), nodes.end(), [&](const Node* n) { return readers.count(n) > 0; });
  Node* const view = graph.add_node("View", {v}, 1, {}, first);
  view->domain = "inferc";
  view->origins = v->producer->origins;
  view->outputs[0]->name = v->name;
  view->outputs[0]->type = v->type;
  for (const Use& u : uses) graph.set_input(u.node, u.index, view->outputs[0]);
}

}  // namespace

bool keep_static_apart(Graph& graph, const std::vector<std::size_t>& static_inputs) {
  const Values values = static_values(graph, static_inputs);
  bool changed = false;
  for (const Node* n : graph.nodes()) {
    if (!makes_static(*n, values)) continue;
    for (Value* v : n->outputs) {
      if (!v) continue;
      std::vector<Use> by_run;
      for (const Use& u : v->uses)
        if (!makes_static(*u.node, values)) by_run.push_back(u);
      if (by_run.empty()) continue;
      put_between(graph, v, by_run);
      changed = true;
    }
  }
  return changed;
}

}  // namespace inferc
