#include <algorithm>

#include "compiler/ops/content.hpp"
#include "compiler/ops/user_op.hpp"
#include "compiler/passes/edit.hpp"
#include "compiler/passes/passes.hpp"

namespace inferc {
namespace {

constexpr std::int64_t most_operations = 100'000'000;

bool small_and_fixed(const Value* v) {
  if (!v || !v->type) return v == nullptr;
  const Dim size = product(v->type->shape);
  return size.is_constant() && *size.constant() * static_cast<std::int64_t>(byte_size(v->type->dtype)) <= largest_folded;
}

bool evaluable(const Node& n) {
  const bool constant = std::all_of(n.inputs.begin(), n.inputs.end(), [](const Value* v) { return !v || v->is_constant(); });
  return constant && n.regions.empty() && !n.is("Sizes", "inferc") && !find_user_op(n.op, n.domain) &&
         std::all_of(n.outputs.begin(), n.outputs.end(), small_and_fixed);
}

void replace_by_constant(Graph& graph, Value* v, Tensor t) {
  Value* c = graph.add_constant(std::move(t), v->name);
  graph.replace_uses(v, c);
}

bool fold(Graph& graph, Node* n) {
  std::vector<const Tensor*> inputs;
  for (const Value* v : n->inputs) inputs.push_back(v ? &*v->constant : nullptr);
  auto results = evaluate_node_within(most_operations, *n, inputs);
  if (!results) return false;
  for (std::size_t i = 0; i < results->size(); ++i)
    if (n->outputs[i]) replace_by_constant(graph, n->outputs[i], std::move((*results)[i]));
  return true;
}

// Shape arithmetic that stays symbolic is computed from the sizes, not by kernels.
void replace_by_sizes(Graph& graph, Node* n, Value* v) {
  if (!is_integer(v->type->dtype) && v->type->dtype != DType::boolean) return;
  Node* sizes = graph.add_node("Sizes", {}, 1, {}, n);
  sizes->domain = "inferc";
  sizes->origins = n->origins;
  sizes->outputs[0]->type = v->type;
  sizes->outputs[0]->content = v->content;
  sizes->outputs[0]->name = v->name;
  graph.replace_uses(v, sizes->outputs[0]);
}

}  // namespace

// Nodes whose operands are known are evaluated by their reference kernels (results up to 64 MB, 10^8 operations); values whose partial
// data is known become constants, or Sizes nodes where it is symbolic. Exact.
bool fold_constants(Graph& graph) {
  bool changed = false;
  for (Node* n : graph.nodes()) {
    if (n->is("Sizes", "inferc")) continue;
    Value* v = n->out();
    const bool read = v && (!v->uses.empty() || graph.is_output(v));
    if (auto known = v && v->content ? content::known_tensor(v) : std::nullopt; known && read) {
      replace_by_constant(graph, v, std::move(*known));
      changed = true;
    } else if (v && v->content && v->type && read) {
      replace_by_sizes(graph, n, v);
      changed = true;
    } else if (evaluable(*n) && fold(graph, n)) {
      changed = true;
    }
  }
  return graph.erase_dead() || changed;
}

bool eliminate_dead_code(Graph& graph) { return graph.erase_dead(); }

}  // namespace inferc
