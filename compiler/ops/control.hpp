#pragma once
#include <vector>

#include "compiler/ops/op.hpp"

// What If, Loop and Scan share: regions over operands of their node.
namespace inferc::control {

// The first operand of the node that region `r` captures; those of the regions follow each other at the end.
[[nodiscard]] std::size_t first_capture(const Node& node, std::size_t r);

// The region's captures get what is known of the node's operands.
void bind_captures(const Node& node, std::size_t r);
// The region's own input k gets a type; false with a message where the region has no such input or it is used already.
void bind_input(const Region& region, std::size_t k, const Type& type);

// Whether a size names a symbol that a node of the region sets: it is not known outside.
[[nodiscard]] bool is_local(const Graph& region, const Dim& size);

}  // namespace inferc::control
