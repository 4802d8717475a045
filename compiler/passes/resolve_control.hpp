#pragma once
#include "compiler/ir/graph.hpp"

namespace inferc {

// An If whose condition is known when the model is compiled becomes the nodes of the branch that is taken. False where
// it is not known: nothing changes.
bool resolve_if(Graph& graph, Node* node);

}  // namespace inferc
