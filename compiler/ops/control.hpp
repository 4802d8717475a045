#pragma once
#include <vector>

#include "compiler/ops/op.hpp"

// What If, Loop and Scan share: regions over operands of their node.
namespace inferc::control {

// The first operand of the node that region `r` captures; those of the regions follow each other at the end.
[[nodiscard]] std::size_t first_capture(const Node& node, std::size_t r);

// The region's captures get what is known of the node's operands.
void bind_captures(const Node& node, std::size_t r);
// The region's own input k gets a type, and loses what was known of its elements.
void bind_input(const Region& region, std::size_t k, const Type& type);

// What an iteration leaves of carried value k must have the type of what it found; it is output k.
void carry(Infer& i, std::size_t k, const Type& before, const Type& after);
// Whether what output k collects has the same sizes in every iteration; fails where a node of the body finds one out.
[[nodiscard]] bool keeps_size(Infer& i, const Region& body, std::size_t k, const Type& row);

}  // namespace inferc::control
