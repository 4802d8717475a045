#pragma once
#include <set>

#include "compiler/ir/graph.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc {

// For a graph whose types could not be inferred because sizes are computed from elements of its inputs: each small integer input that
// such sizes depend on is read through a GivenSizes, its elements being fresh symbols, which the caller gives as other sizes. True if
// there was a new one; `given` holds those that have one.
bool give_sizes(Graph& graph, std::set<const Value*>& given);

// A Reshape that gives an output, and whose operand is known although its data has no type yet: the output's sizes are those that
// the file declares.
void unify_declared_reshapes(Graph& graph);

// Sizes of the outputs are those that the file declares.
void unify_declared_outputs(Graph& graph, Diagnostics& diagnostics);

}  // namespace inferc
