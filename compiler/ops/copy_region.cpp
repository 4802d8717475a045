#include "compiler/ops/copy_region.hpp"

namespace inferc {
namespace {

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

}  // namespace

std::vector<Value*> copy_region(Graph& graph, Node* n, const Region& region, std::map<const Value*, Value*> actual, std::vector<Node*>* made) {
  actual.merge(actual_inputs(*n, region));
  for (const Value* c : region.graph->constants())
    if (!actual.count(c)) actual[c] = graph.add_constant(*c->constant, c->name);
  for (const Node* inner : region.graph->nodes()) {
    std::vector<Value*> inputs;
    for (const Value* v : inner->inputs) inputs.push_back(v ? actual.at(v) : nullptr);
    Node* copy = graph.add_node(inner->op, std::move(inputs), inner->outputs.size(), inner->attributes, n);
    if (made) made->push_back(copy);
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

}  // namespace inferc
