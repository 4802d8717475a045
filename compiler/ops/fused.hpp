#pragma once
#include <optional>
#include <vector>

#include "compiler/ops/op.hpp"

// Regions of elementwise nodes: `inferc.Fused` owns one named "body", products own one named "epilogue".
namespace inferc {

// A region as an expression. Leaves count the region's inputs from `first` on as operands 0, 1, ...; input 0 is the
// accumulator where `first` is 1. Constants of one element become literals. Nothing if a node has no functor.
[[nodiscard]] std::optional<Expr> region_expression(const Graph& region, std::size_t first);

// The region called `name`, or null.
[[nodiscard]] const Region* find_region(const Node& node, std::string_view name);

// Whether the operator can stand in such a region.
[[nodiscard]] bool is_elementwise(const Node& node);

}  // namespace inferc
