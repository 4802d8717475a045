#pragma once
#include <vector>

#include "compiler/ir/graph.hpp"

namespace inferc {

// What depends on these inputs of the graph and constants alone stays apart from what reads it: a View stands between, which neither
// elementwise nodes nor products are fused through. Not where an input itself is read. Exact: a View moves nothing.
bool keep_static_apart(Graph& graph, const std::vector<std::size_t>& static_inputs);

}  // namespace inferc
