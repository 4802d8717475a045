#include <algorithm>
#include <numeric>

#include "compiler/passes/neurons.hpp"
#include "compiler/passes/passes.hpp"

namespace inferc {
namespace {

using namespace neurons;

// How many weights each neuron has.
std::vector<std::size_t> weights_of_columns(const Tensor& t) {
  std::vector<std::size_t> out(cols_of(t));
  const auto all = t.as<std::int32_t>();
  for (std::size_t i = 0; i < all.size(); ++i) out[i % out.size()] += all[i] != 0;
  return out;
}

bool is_pruned(const Tensor& t, const std::vector<std::size_t>& weights) {
  return 2 * std::accumulate(weights.begin(), weights.end(), std::size_t{0}) <= t.size();
}

bool order(Graph& graph, Node* layer) {
  Node* reader = layer_behind(graph, layer);
  if (!reader) return false;
  const Tensor& t = *layer->in(w)->constant;
  const std::vector<std::size_t> weights = weights_of_columns(t);
  const auto has_more = [&](std::size_t a, std::size_t b) { return weights[a] > weights[b]; };
  std::vector<std::size_t> neurons(weights.size());
  std::iota(neurons.begin(), neurons.end(), std::size_t{0});
  if (!is_pruned(t, weights) || std::is_sorted(neurons.begin(), neurons.end(), has_more)) return false;
  std::stable_sort(neurons.begin(), neurons.end(), has_more);
  keep_neurons(graph, layer, reader, neurons);
  return true;
}

}  // namespace

// Of two integer layers, one after the other, the neurons between them by their number of weights, most first, where at least half of the
// weights are zero: panels of columns whose zeros are left out take as long as their fullest column. Exact.
bool order_neurons(Graph& graph) {
  bool changed = false;
  for (Node* n : graph.nodes()) changed |= order(graph, n);
  return graph.erase_dead() || changed;
}

}  // namespace inferc
