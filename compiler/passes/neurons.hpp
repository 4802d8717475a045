#pragma once
#include <vector>

#include "compiler/ir/graph.hpp"

// Neurons between two integer layers: columns of one's weights, rows of the other's.
namespace inferc::neurons {

enum : std::size_t { x, w, table, steps };  // operands of FixedLinear

[[nodiscard]] std::size_t rows_of(const Tensor& t);
[[nodiscard]] std::size_t cols_of(const Tensor& t);

// The layer that alone reads the result of `layer`, as its data; null where either is none.
[[nodiscard]] Node* layer_behind(const Graph& graph, const Node* layer);

// Of the neurons between `layer` and its `reader` keeps those of `kept`, in this order.
void keep_neurons(Graph& graph, Node* layer, Node* reader, const std::vector<std::size_t>& kept);

}  // namespace inferc::neurons
