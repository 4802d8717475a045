#pragma once
#include <map>
#include <vector>

#include "compiler/ir/graph.hpp"

namespace inferc {

// An If whose condition is known when the model is compiled becomes the nodes of the branch that is taken. False where
// it is not known: nothing changes.
bool resolve_if(Graph& graph, Node* node);

// Copies of the nodes of one of the node's regions before it; gives what the region's outputs are then. `actual` maps the
// region's own inputs to values of the graph; its captures are the node's.
std::vector<Value*> copy_region(Graph& graph, Node* node, const Region& region, std::map<const Value*, Value*> actual = {});

// A FlexAttention of known ranks, heads and head size becomes products, a softmax and its modifiers' nodes. False for another
// node: nothing changes.
bool expand_flex_attention(Graph& graph, Node* node);

}  // namespace inferc
