#pragma once
#include <memory>
#include <vector>

#include "compiler/ir/graph.hpp"

namespace inferc {

// Runs a graph on the host, node by node by the reference kernels: the definition of what generated code computes.
// `inputs` in the order of graph.inputs(). Throws UserError for a fault or an operand that does not fit, with the
// node's address.
[[nodiscard]] std::vector<Tensor> evaluate_graph(const Graph& graph, const std::vector<Tensor>& inputs);

// The graph with float64 in place of float32: inputs, constants, and attributes that name or hold an element type.
// Its types are cleared. With widened inputs it is the exact reference of CORRECTNESS section 3, rule D.
[[nodiscard]] std::unique_ptr<Graph> widened(const Graph& graph);
[[nodiscard]] Tensor widened(const Tensor& tensor);  // float32 becomes float64, others stay

}  // namespace inferc
