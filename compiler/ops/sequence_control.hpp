#pragma once
#include <vector>

#include "compiler/ir/graph.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc {

// What without_sequences does of an If, Loop or Scan. A sequence that a region reads is captured element by element, or as its rows
// where the position of an element is found at run time. One that a loop carries and only appends to is a row that is collected.
[[nodiscard]] std::vector<Node*> control_without_sequences(Graph& graph, Node* node, Diagnostics& diagnostics);

}  // namespace inferc
