#pragma once
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "compiler/ir/graph.hpp"

namespace inferc {

// Called after each node with its operands (null: omitted) and its results, which it may replace.
using NodeObserver = std::function<void(const Node&, std::span<const Tensor* const> operands, std::span<Tensor> results)>;

// Runs a graph on the host, node by node by the reference kernels: the definition of what generated code computes.
// `inputs` in the order of graph.inputs(); `symbols` holds the sizes that no input has as its own. Throws UserError for a
// fault or an operand that does not fit, with the node's address.
[[nodiscard]] std::vector<Tensor> evaluate_graph(const Graph& graph, const std::vector<Tensor>& inputs, SymbolValues symbols = {},
                                                 const NodeObserver& observer = {});

// The graph with float64 in place of float32, float16 and bfloat16: inputs, constants, and attributes that name or hold an element type.
// Its types are cleared. With widened inputs it is the exact reference of CORRECTNESS section 3, rule D.
[[nodiscard]] std::unique_ptr<Graph> widened(const Graph& graph);
[[nodiscard]] Tensor widened(const Tensor& tensor);  // float32, float16 and bfloat16 become float64, others stay

}  // namespace inferc
