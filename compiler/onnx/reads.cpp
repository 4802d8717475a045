#include "compiler/onnx/reads.hpp"

#include <algorithm>
#include <set>

namespace inferc::onnx {

void free_names(const Graph& g, std::vector<std::string>& out) {
  std::set<std::string, std::less<>> inner;
  for (const auto& [name, tensor] : g.initializers) inner.insert(name);
  for (const ValueInfo& v : g.inputs) inner.insert(v.name);
  const auto read = [&](const std::string& name) {
    if (!name.empty() && !inner.count(name) && std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
  };
  for (const Node& n : g.nodes) {
    for (const std::string& name : n.inputs) read(name);
    for (const Attribute& a : n.attributes)
      for (const Graph& sub : a.graphs) {
        std::vector<std::string> deeper;
        free_names(sub, deeper);
        for (const std::string& name : deeper) read(name);
      }
    inner.insert(n.outputs.begin(), n.outputs.end());
  }
  for (const ValueInfo& v : g.outputs) read(v.name);
}

std::vector<std::string> names_read(const Node& n) {
  std::vector<std::string> out = n.inputs;
  for (const Attribute& a : n.attributes)
    for (const Graph& sub : a.graphs) free_names(sub, out);
  return out;
}

}  // namespace inferc::onnx
