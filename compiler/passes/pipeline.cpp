#include "compiler/passes/passes.hpp"

#include <algorithm>

#include "compiler/ops/evaluate_control.hpp"
#include "compiler/passes/keep_static.hpp"

namespace inferc {

const std::vector<Pass>& pipeline() {
  static const std::vector<Pass> passes = {
      // What follows knows arithmetic in the types of C++ alone.
      {"compute-halves-in-float32", compute_halves_in_float32, PassClass::exact},
      // Shape arithmetic is known once types are: folding it first leaves the arithmetic of the network alone.
      {"fold-constants", fold_constants, PassClass::exact},
      // One spelling for each thing, so that recognisers need know few.
      {"canonicalise", canonicalise, PassClass::exact},
      // Masks of ones and zeros before composites take them for masks.
      {"fold-uniform", fold_uniform, PassClass::reassociates},
      {"eliminate-common-subexpressions", eliminate_common_subexpressions, PassClass::exact},
      // Integers while the graph still says what the network was trained as: the passes below reassociate and fuse.
      {"recognise-quantisers", recognise_quantisers, PassClass::exact},
      {"lower-fixed-point", lower_fixed_point, PassClass::exact},
      {"drop-dead-neurons", drop_dead_neurons, PassClass::exact},
      // The neurons that are left.
      {"order-neurons", order_neurons, PassClass::exact},
      // Composites before fusion takes their parts. A group whose dims are one is a row: the larger composite comes first.
      {"recognise-group-normalisation", recognise_group_normalisation, PassClass::reassociates},
      {"recognise-normalisation", recognise_normalisation, PassClass::reassociates},
      {"recognise-gelu", recognise_gelu, PassClass::reassociates},
      {"recognise-attention", recognise_attention, PassClass::reassociates},
      // Sums of quantised networks in the type that holds them; what follows keeps away from them, or is exact on them.
      {"widen-sums", widen_sums, PassClass::reassociates},
      // Layers in one form; then constants around them move into their weights, and Transposes cancel.
      {"to-linear", to_linear, PassClass::reassociates},
      {"fold-affine", fold_affine, PassClass::reassociates},
      {"sink-transposes", sink_transposes, PassClass::exact},
      // A BatchNormalization that a Transpose kept from its layer meets it once the Transpose has moved.
      {"fold-affine-again", fold_affine, PassClass::reassociates},
      // What pruning left unread or constant between layers, once these have one form and their constants.
      {"drop-dead-channels", drop_dead_channels, PassClass::finite_only},
      // Layers are whole now; the tables that they share are found once.
      {"split-linear", split_linear, PassClass::reassociates},
      {"eliminate-common-subexpressions-again", eliminate_common_subexpressions, PassClass::exact},
      // Behind what splits products over gathered rows and joins equal nodes: each function has rows of its own, gathered where it needs them.
      {"group-rows-by-type", group_rows_by_type, PassClass::finite_only},
      // Last among the rewrites: what is fused is no longer seen as operators.
      {"fuse-elementwise", fuse_elementwise, PassClass::exact},
      {"fuse-epilogue", fuse_epilogue, PassClass::exact},
      // What the others left unread.
      {"eliminate-dead-code", eliminate_dead_code, PassClass::exact},
  };
  return passes;
}

namespace {

constexpr std::string_view first_fusion = "fuse-elementwise";

// Regions of control flow are graphs like any other.
void run_everywhere(const Pass& pass, Graph& graph) {
  for (Node* n : graph.nodes())
    if (is_control(*n))
      for (Region& r : n->regions) run_everywhere(pass, *r.graph);
  pass.run(graph);
}

}  // namespace

void run_pipeline(Graph& graph, std::string_view stop_after, const std::vector<std::size_t>& static_inputs) {
  for (const Pass& p : pipeline()) {
    if (p.name == first_fusion && !static_inputs.empty()) keep_static_apart(graph, static_inputs);
    run_everywhere(p, graph);
    verify(graph);
    if (p.name == stop_after) return;
  }
}

std::vector<Diagnostic> notes_of(const Graph& graph) {
  std::vector<Diagnostic> out;
  const auto add = [&](const Diagnostic& d) {
    if (std::find(out.begin(), out.end(), d) == out.end()) out.push_back(d);
  };
  std::for_each(graph.notes.begin(), graph.notes.end(), add);
  for (const Node* n : graph.nodes())
    for (const Region& r : n->regions)
      for (const Diagnostic& d : notes_of(*r.graph)) add(d);
  return out;
}

void run_pipeline_to_fusion(Graph& graph) {
  for (const Pass& p : pipeline()) {
    if (p.name == first_fusion) return;
    run_everywhere(p, graph);
  }
}

}  // namespace inferc
