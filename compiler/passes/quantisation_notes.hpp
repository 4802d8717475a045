#pragma once
#include "compiler/ir/graph.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc {

// Warnings, with the remedy, of what the file of a quantised network lost or says otherwise than the network was trained: of a graph
// as imported, before types are inferred. Nothing is changed: the file is compiled as it stands.
void note_quantisation(const Graph& graph, Diagnostics& diagnostics);

}  // namespace inferc
