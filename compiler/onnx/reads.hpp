#pragma once
#include <string>
#include <vector>

#include "compiler/onnx/model.hpp"

namespace inferc::onnx {

// Names that a subgraph reads from outside, each once, added to `out`.
void free_names(const Graph& graph, std::vector<std::string>& out);

// Names that a node reads, its subgraphs included; an omitted input is an empty one.
[[nodiscard]] std::vector<std::string> names_read(const Node& node);

}  // namespace inferc::onnx
