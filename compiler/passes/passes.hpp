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
bool compute_halves_in_float32(Graph& graph);
bool fold_constants(Graph& graph);
bool canonicalise(Graph& graph);
bool eliminate_common_subexpressions(Graph& graph);
bool fold_uniform(Graph& graph);
bool recognise_quantisers(Graph& graph);
bool lower_fixed_point(Graph& graph);
bool drop_dead_neurons(Graph& graph);
bool order_neurons(Graph& graph);
bool drop_dead_channels(Graph& graph);
bool recognise_group_normalisation(Graph& graph);
bool recognise_normalisation(Graph& graph);
bool recognise_gelu(Graph& graph);
bool recognise_attention(Graph& graph);
bool widen_sums(Graph& graph);
bool to_linear(Graph& graph);
bool fold_affine(Graph& graph);
bool sink_transposes(Graph& graph);
bool split_linear(Graph& graph);
bool group_rows_by_type(Graph& graph);
bool fuse_elementwise(Graph& graph);
bool fuse_epilogue(Graph& graph);
bool eliminate_dead_code(Graph& graph);

// The nodes of `group`, in order, as a region with the inputs `operands` of which the last `captures` are captures; the
// last node's output is the region's.
[[nodiscard]] Region make_region(const Graph& graph, const std::string& name, const std::vector<Node*>& group, const std::vector<Value*>& operands,
                                 std::size_t captures);

// The passes in order, with the reason for the order.
[[nodiscard]] const std::vector<Pass>& pipeline();
// Runs them all; `stop_after` (may be empty) names the last. What depends on `static_inputs` of the graph alone is kept apart from the
// rest before the first fusion (keep_static.hpp).
void run_pipeline(Graph& graph, std::string_view stop_after = {}, const std::vector<std::size_t>& static_inputs = {});
// The notes of a graph and of those of its control flow, each once.
[[nodiscard]] std::vector<Diagnostic> notes_of(const Graph& graph);
// Those before operators are fused: each is still a node of its own, and the fusions change no bit.
void run_pipeline_to_fusion(Graph& graph);

}  // namespace inferc
