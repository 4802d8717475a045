#include <algorithm>
#include <vector>

#include "compiler/passes/neurons.hpp"
#include "compiler/passes/passes.hpp"
#include "kernels/ref/fixed.hpp"

namespace inferc {
namespace drop_dead_neurons_detail {
namespace {

using namespace neurons;
constexpr std::size_t panel = 16;  // columns that a kernel computes together: fewer are not less work

using Numbers = std::vector<std::int64_t>;

Numbers numbers(const Tensor& t) { return {t.as<std::int64_t>().begin(), t.as<std::int64_t>().end()}; }

bool has_weights(const Tensor& t, std::size_t index, bool column) {
  const auto all = t.as<std::int32_t>();
  for (std::size_t i = 0; i < (column ? rows_of(t) : cols_of(t)); ++i)
    if (all[column ? i * cols_of(t) + index : index * cols_of(t) + i] != 0) return true;
  return false;
}

// What a column without weights gives.
std::int64_t constant_of(const Node& layer, std::size_t column) {
  const Tensor &t = *layer.in(table)->constant, &s = *layer.in(steps)->constant;
  return ref::fixed_detail::finished<std::int64_t>(0, s.as<std::int64_t>().data(), rows_of(s), t.as<std::int64_t>().data(), cols_of(t),
                                                   cols_of(t) == 1 ? 0 : column, 1.0f);
}

// The neurons to keep, in order: those that have weights and are read, and as many others as fill the last panel.
std::vector<std::size_t> kept_neurons(const Tensor& in, const Tensor& out) {
  std::vector<std::size_t> live, dead;
  for (std::size_t j = 0; j < cols_of(in); ++j) (has_weights(in, j, true) && has_weights(out, j, false) ? live : dead).push_back(j);
  const std::size_t whole = std::max<std::size_t>(1, (live.size() + panel - 1) / panel) * panel;
  for (std::size_t k = 0; live.size() < whole && k < dead.size(); ++k) live.push_back(dead[k]);
  std::sort(live.begin(), live.end());
  return live;
}

// The steps begin by adding row 0 of the table: `more`, and what they began with if that was a sum.
void begin_with(Graph& graph, Node* layer, Numbers more) {
  const Tensor &t = *layer->in(table)->constant, &s = *layer->in(steps)->constant;
  Numbers old = numbers(t), all = numbers(s), rows;
  const bool adds = !all.empty() && all[0] == static_cast<std::int64_t>(fixed::Step::add);
  for (std::size_t c = 0; adds && c < more.size(); ++c) more[c] += all[2] == 0 ? all[3] : old[static_cast<std::size_t>(all[3]) * cols_of(t) + c];
  if (adds) all.erase(all.begin(), all.begin() + fixed::step_numbers);
  for (std::size_t at = 0; at < all.size(); at += fixed::step_numbers)
    for (const std::size_t operand : {at + 2, at + 4}) all[operand + 1] += all[operand];
  rows = more;
  if (cols_of(t) == more.size()) rows.insert(rows.end(), old.begin(), old.end());
  all.insert(all.begin(), {static_cast<std::int64_t>(fixed::Step::add), 0, 1, 0, 0, 0});
  const auto numbers_per_step = static_cast<std::int64_t>(fixed::step_numbers), columns = std::ssize(more);
  graph.set_input(layer, table, graph.add_constant(tensor_of<std::int64_t>({std::ssize(rows) / columns, columns}, rows)));
  graph.set_input(layer, steps, graph.add_constant(tensor_of<std::int64_t>({std::ssize(all) / numbers_per_step, numbers_per_step}, all)));
}

// What neurons that are dropped bring to each sum of the layer that reads them.
Numbers constants_of(const Node& layer, const Tensor& reader, const std::vector<std::size_t>& kept) {
  Numbers out(cols_of(reader), 0);
  for (std::size_t j = 0; j < rows_of(reader); ++j) {
    if (std::binary_search(kept.begin(), kept.end(), j) || !has_weights(reader, j, false)) continue;
    const std::int64_t c = constant_of(layer, j);
    for (std::size_t n = 0; n < out.size(); ++n) out[n] += c * reader.as<std::int32_t>()[j * out.size() + n];
  }
  return out;
}

bool step(Graph& graph, Node* layer) {
  Node* reader = layer_behind(graph, layer);
  if (!reader) return false;
  const Tensor in = *layer->in(w)->constant, out = *reader->in(w)->constant;
  const std::vector<std::size_t> kept = kept_neurons(in, out);
  if (kept.size() >= cols_of(in)) return false;
  const Numbers more = constants_of(*layer, out, kept);
  if (std::any_of(more.begin(), more.end(), [](std::int64_t v) { return v != 0; })) begin_with(graph, reader, more);
  keep_neurons(graph, layer, reader, kept);
  return true;
}

}  // namespace
}  // namespace drop_dead_neurons_detail

// Of two integer layers, one after the other, the neurons between them that nobody reads and those that are constant, as pruning
// leaves them: their part of each sum is added with the bias. Again until nothing changes, since the layer before may then have
// neurons that nobody reads. Exact. Keeps whole panels of 16 neurons.
bool drop_dead_neurons(Graph& graph) {
  using namespace drop_dead_neurons_detail;
  bool changed = false;
  for (bool again = true; again;) {
    again = false;
    for (Node* n : graph.nodes()) again |= step(graph, n);
    changed |= again;
  }
  return graph.erase_dead() || changed;
}

}  // namespace inferc
