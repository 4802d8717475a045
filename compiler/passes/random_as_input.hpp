#pragma once
#include "compiler/ir/graph.hpp"

namespace inferc {

// A node that draws random numbers (RandomNormal, RandomUniform, their Like forms, Bernoulli, Multinomial) becomes a further input
// of the graph, of the name, type and shape of its result: the caller draws. False where its shape is not known before the call:
// nothing changes.
bool random_as_input(Graph& graph, Node* node);

}  // namespace inferc
