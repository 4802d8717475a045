#pragma once
#include <vector>

#include "compiler/ir/graph.hpp"

namespace inferc {

// Gives inputs of the graph that an operator takes sizes, axes or counts from the values that its output's declared shape wants:
// others are refused at run time. Inputs are in order; what needs none is left as it is.
void fit_size_operands(const Graph& graph, std::vector<Tensor>& inputs, const SymbolValues& symbols);

}  // namespace inferc
