#include "compiler/ops/control.hpp"

#include <algorithm>

namespace inferc::control {

std::size_t first_capture(const Node& node, std::size_t r) {
  std::size_t at = node.inputs.size();
  for (std::size_t k = node.regions.size(); k-- > r;) at -= node.regions[k].captures;
  return at;
}

void bind_captures(const Node& node, std::size_t r) {
  const Region& region = node.regions[r];
  const auto& formals = region.graph->inputs();
  for (std::size_t k = 0; k < region.captures; ++k) {
    const Value* actual = node.inputs[first_capture(node, r) + k];
    Value* formal = formals[formals.size() - region.captures + k];
    formal->type = actual->type;
    formal->constant = actual->constant;
    formal->content = actual->content;
    formal->known = actual->known;
  }
}

void bind_input(const Region& region, std::size_t k, const Type& type) {
  region.graph->inputs()[k]->type = type;
  region.graph->inputs()[k]->content.reset();
  region.graph->inputs()[k]->known.reset();
}

bool is_local(const Graph& region, const Dim& size) {
  std::vector<std::string> names;
  collect_symbols(size, names);
  for (const Node* n : region.nodes())
    for (const std::string& s : n->measures)
      if (std::find(names.begin(), names.end(), s) != names.end()) return true;
  return false;
}

}  // namespace inferc::control
