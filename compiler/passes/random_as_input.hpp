#pragma once
#include "compiler/ir/graph.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc {

struct InferOptions {
  bool random_as_input = false;
};
// infer_types of passes.hpp, where what a node draws may be an input of the graph.
bool infer_types(Graph& graph, Diagnostics& diagnostics, const InferOptions& options);

// A node that draws random numbers (RandomNormal, RandomUniform, their Like forms, Bernoulli, Multinomial) becomes a further input
// of the graph, of the name, type and shape of its result: the caller draws. False where its shape is not known before the call:
// nothing changes.
bool random_as_input(Graph& graph, Node* node);

}  // namespace inferc
