#pragma once
#include <optional>
#include <vector>

#include "compiler/ops/op.hpp"

// Regions of elementwise nodes: `inferc.Fused` owns one named "body", products own one named "epilogue".
namespace inferc {

// What a region reads: one of its inputs, or of that the rows that another one picks.
struct Leaf {
  std::size_t input;
  const Node* gather = nullptr;  // of the region
  std::size_t index = 0;         // the input that picks
  bool operator==(const Leaf&) const = default;
};
// A region as an expression whose operands 0, 1, ... are the leaves.
struct RegionExpression {
  Expr expr;
  std::vector<Leaf> leaves;
};
// Input 0 is the accumulator where `first` is 1. Constants of one element become literals. Nothing if a node has no functor.
[[nodiscard]] std::optional<RegionExpression> region_expression(const Graph& region, std::size_t first);

// The region called `name`, or null.
[[nodiscard]] const Region* find_region(const Node& node, std::string_view name);

// Whether the operator can stand in such a region.
[[nodiscard]] bool is_elementwise(const Node& node);

// Whether the node picks rows of a table that are better read where they are than written and read again: it is a Gather of rows so
// long that moving them costs more than to find each again.
[[nodiscard]] bool picks_rows(const Node& node);

}  // namespace inferc
