#include "compiler/passes/resolve_control.hpp"

#include <map>

namespace inferc {
namespace {

// The one element of a condition that is known when the model is compiled.
std::optional<bool> known_condition(const Value* v) {
  if (v->constant && v->constant->dtype() == DType::boolean && v->constant->size() == 1) return v->constant->as<bool>()[0];
  if (v->content && v->content->size() == 1)
    if (const auto c = (*v->content)[0].constant()) return *c != 0;
  return std::nullopt;
}

// The values of the node that the region's inputs stand for: its captures, which follow those of the regions before it.
std::map<const Value*, Value*> actual_inputs(const Node& n, const Region& chosen) {
  std::size_t at = n.inputs.size();
  for (auto r = n.regions.rbegin(); r != n.regions.rend(); ++r) {
    at -= r->captures;
    if (&*r == &chosen) break;
  }
  std::map<const Value*, Value*> out;
  const std::size_t own = chosen.graph->inputs().size() - chosen.captures;
  for (std::size_t i = 0; i < chosen.captures; ++i) out[chosen.graph->inputs()[own + i]] = n.inputs[at + i];
  return out;
}

// The node becomes the nodes of the region.
void inline_region(Graph& graph, Node* n, const Region& region) {
  const std::vector<Value*> results = copy_region(graph, n, region);
  for (std::size_t o = 0; o < n->outputs.size() && o < results.size(); ++o)
    if (n->outputs[o]) graph.replace_uses(n->outputs[o], results[o]);
  graph.erase(n);
}

}  // namespace

std::vector<Value*> copy_region(Graph& graph, Node* n, const Region& region, std::map<const Value*, Value*> actual) {
  actual.merge(actual_inputs(*n, region));
  for (const Value* c : region.graph->constants())
    if (!actual.count(c)) actual[c] = graph.add_constant(*c->constant, c->name);
  for (const Node* inner : region.graph->nodes()) {
    std::vector<Value*> inputs;
    for (const Value* v : inner->inputs) inputs.push_back(v ? actual.at(v) : nullptr);
    Node* copy = graph.add_node(inner->op, std::move(inputs), inner->outputs.size(), inner->attributes, n);
    copy->domain = inner->domain;
    copy->name = inner->name;
    copy->origins = inner->origins;
    copy->opset = inner->opset;
    copy->measures = inner->measures;
    for (const Region& r : inner->regions) copy->regions.push_back({r.name, clone(*r.graph), r.captures});
    for (std::size_t o = 0; o < inner->outputs.size(); ++o) {
      if (!inner->outputs[o]) continue;
      copy->outputs[o]->name = inner->outputs[o]->name;
      actual[inner->outputs[o]] = copy->outputs[o];
    }
  }
  std::vector<Value*> out;
  for (const Value* v : region.graph->outputs()) out.push_back(actual.at(v));
  return out;
}

bool resolve_if(Graph& graph, Node* n) {
  if (!n->is("If") || !n->in(0) || n->regions.size() != 2) return false;
  const auto condition = known_condition(n->in(0));
  if (!condition) return false;
  const std::string_view wanted = *condition ? "then_branch" : "else_branch";
  for (const Region& r : n->regions)
    if (r.name == wanted) return inline_region(graph, n, r), true;
  return false;
}

}  // namespace inferc
