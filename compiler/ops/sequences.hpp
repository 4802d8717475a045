#pragma once
#include <vector>

#include "compiler/ir/graph.hpp"
#include "compiler/support/diagnostics.hpp"

// Sequences of tensors are no values of a program: they become tensors while types are inferred. A sequence is known by the node
// that makes it: SequenceConstruct of its elements, or inferc.SequenceRows of a tensor whose rows along axis 0 they are.
namespace inferc {

[[nodiscard]] bool makes_sequence(const Node& node);
[[nodiscard]] bool is_sequence(const Value* value);

// Stands in front of infer_node: the nodes that take the place of `node`, in order, to be inferred. That is `node` itself
// where it has to do with no sequence; nothing where it makes one, or where that is refused (with a remedy).
// Of If, Loop and Scan: sequences that their regions read or carry become captures and rows that are collected.
[[nodiscard]] std::vector<Node*> without_sequences(Graph& graph, Node* node, Diagnostics& diagnostics);

// Erases what makes sequences that nobody reads, in all regions; refuses those that are read.
void finish_sequences(Graph& graph, Diagnostics& diagnostics);

}  // namespace inferc
