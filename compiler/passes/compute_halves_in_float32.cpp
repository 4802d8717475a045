#include "compiler/ops/halves.hpp"
#include "compiler/passes/passes.hpp"

namespace inferc {

// Nodes that compute with float16 or bfloat16 read and give float32 instead, between Casts that round each result once.
// Casts that meet stay: the result of every node is rounded. Exact.
bool compute_halves_in_float32(Graph& graph) {
  bool changed = false;
  for (Node* n : graph.nodes()) changed = halves::compute_in_float32(graph, n) || changed;
  return (changed && graph.erase_dead()) || changed;
}

}  // namespace inferc
