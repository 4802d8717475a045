#pragma once
#include <string>
#include <vector>

#include "compiler/ir/graph.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc {

// How a pass may change results: `exact` keeps every bit; `reassociates` keeps rule D of docs/numerics; `finite_only`
// may drop 0 * inf.
enum class PassClass : unsigned char { exact, reassociates, finite_only };

struct Pass {
  std::string_view name;
  bool (*run)(Graph&);  // whether it changed anything
  PassClass kind;
};

// Types of all values, partial data included; equalities between sizes that can be solved are substituted. Collects
// every problem; false if there was one.
bool infer_types(Graph& graph, Diagnostics& diagnostics);

// Each pass: the contract is in its file.
bool fold_constants(Graph& graph);
bool eliminate_dead_code(Graph& graph);
bool fuse_elementwise(Graph& graph);

// The passes in order, with the reason for the order.
[[nodiscard]] const std::vector<Pass>& pipeline();
// Runs them all; `stop_after` (may be empty) names the last.
void run_pipeline(Graph& graph, std::string_view stop_after = {});

}  // namespace inferc
