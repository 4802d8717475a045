#pragma once
#include <map>
#include <vector>

#include "compiler/ir/graph.hpp"

namespace inferc {

// Copies of the nodes of one of the node's regions before it; gives what the region's outputs are then. `actual` maps the
// region's own inputs to values of the graph; its captures are the node's. `made`, if not null, gets the copies in order.
std::vector<Value*> copy_region(Graph& graph, Node* node, const Region& region, std::map<const Value*, Value*> actual = {}, std::vector<Node*>* made = nullptr);

}  // namespace inferc
