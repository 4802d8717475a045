#pragma once
#include "compiler/ir/graph.hpp"

namespace inferc {

// An If whose condition is known when the model is compiled becomes the nodes of the branch that is taken. False where
// it is not known: nothing changes.
bool resolve_if(Graph& graph, Node* node);

// A FlexAttention of known ranks, heads and head size becomes products, a softmax and its modifiers' nodes. False for another
// node: nothing changes.
bool expand_flex_attention(Graph& graph, Node* node);

}  // namespace inferc
