#include "compiler/passes/resolve_control.hpp"

#include "compiler/ops/copy_region.hpp"

namespace inferc {
namespace {

// The one element of a condition that is known when the model is compiled.
std::optional<bool> known_condition(const Value* v) {
  if (v->constant && v->constant->dtype() == DType::boolean && v->constant->size() == 1) return v->constant->as<bool>()[0];
  if (v->content && v->content->size() == 1)
    if (const auto c = (*v->content)[0].constant()) return *c != 0;
  return std::nullopt;
}

// The node becomes the nodes of the region.
void inline_region(Graph& graph, Node* n, const Region& region) {
  const std::vector<Value*> results = copy_region(graph, n, region);
  for (std::size_t o = 0; o < n->outputs.size() && o < results.size(); ++o) {
    if (!n->outputs[o]) continue;
    if (!results[o]->declared) results[o]->declared = n->outputs[o]->declared;
    graph.replace_uses(n->outputs[o], results[o]);
  }
  graph.erase(n);
}

}  // namespace

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
