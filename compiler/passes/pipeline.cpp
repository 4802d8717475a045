#include "compiler/passes/passes.hpp"

namespace inferc {

const std::vector<Pass>& pipeline() {
  static const std::vector<Pass> passes = {
      // Shape arithmetic is known once types are: folding it first leaves the arithmetic of the network alone.
      {"fold-constants", fold_constants, PassClass::exact},
      // What folding left unread.
      {"eliminate-dead-code", eliminate_dead_code, PassClass::exact},
  };
  return passes;
}

void run_pipeline(Graph& graph, std::string_view stop_after) {
  for (const Pass& p : pipeline()) {
    p.run(graph);
    verify(graph);
    if (p.name == stop_after) return;
  }
}

}  // namespace inferc
