#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "compiler/ops/content.hpp"
#include "compiler/ops/evaluate_control.hpp"
#include "compiler/ops/expansion.hpp"
#include "compiler/ops/sequences.hpp"
#include "compiler/passes/declared_shapes.hpp"
#include "compiler/passes/given_sizes.hpp"
#include "compiler/passes/passes.hpp"
#include "compiler/passes/random_as_input.hpp"
#include "compiler/passes/resolve_control.hpp"

namespace inferc {
namespace {

// A symbol that an equality fixes to another size; its bounds narrow the other's when that is a symbol, too.
struct Solution {
  std::string symbol;
  Dim value;
};

bool contains(const Dim& d, std::string_view symbol) {
  std::vector<std::string> names;
  collect_symbols(d, names);
  return std::find(names.begin(), names.end(), symbol) != names.end();
}

std::optional<Solution> solve(const Symbols::Equality& e) {
  const auto with = [](const Dim& from, const Dim& to) -> std::optional<Solution> {
    const std::string_view symbol = from.as_symbol();
    if (symbol.empty() || contains(to, symbol)) return std::nullopt;
    return Solution{std::string(symbol), to};
  };
  auto out = with(e.b, e.a);
  return out ? out : with(e.a, e.b);
}

// The values that both sizes may take.
void narrow_bounds(Symbols& symbols, const Solution& s, Diagnostics& diagnostics) {
  const Bounds from = symbols.find(s.symbol)->bounds, to = symbols.bounds(s.value);
  const Bounds both{std::max(from.lower, to.lower), std::min(from.upper, to.upper)};
  if (both.lower > both.upper)
    diagnostics.error(
        fmt::format("the sizes {} ({} to {}) and {} ({} to {}) must be equal and cannot", s.symbol, from.lower, from.upper, s.value.text(), to.lower, to.upper),
        "--dim gives both the same bounds");
  else if (const auto name = s.value.as_symbol(); !name.empty()) symbols.set_bounds(name, both);
}

void clear_types(Graph& graph) {
  for (const Node* n : graph.nodes())
    for (Value* v : n->outputs)
      if (v && !v->is_constant() && n->domain != "inferc") {
        v->type.reset();
        v->content.reset();
        v->known.reset();
      }
}

bool is_small(const Value* v) { return !v || (v->type && content::small_shape(v->type->shape)); }

void note(Value& v, Tensor t) {
  const bool sizes = t.dtype() == DType::int64 || t.dtype() == DType::int32 || t.dtype() == DType::boolean;
  if (!sizes) {
    v.known = std::move(t);
    return;
  }
  v.content.emplace();
  for (std::size_t e = 0; e < t.size(); ++e)
    v.content->emplace_back(t.dtype() == DType::int64   ? t.as<std::int64_t>()[e]
                            : t.dtype() == DType::int32 ? t.as<std::int32_t>()[e]
                                                        : static_cast<std::int64_t>(t.as<bool>()[e]));
}

// Small results of known operands: sizes may be computed by any operator.
void evaluate_small(Node& n) {
  const auto open = [](const Value* v) { return v && !v->content && !v->known; };
  if (n.inputs.empty() || !n.regions.empty() || n.domain == "inferc" || std::none_of(n.outputs.begin(), n.outputs.end(), open)) return;
  if (!std::all_of(n.inputs.begin(), n.inputs.end(), is_small) || !std::all_of(n.outputs.begin(), n.outputs.end(), is_small)) return;
  std::vector<std::optional<Tensor>> known;
  std::vector<const Tensor*> operands;
  for (const Value* v : n.inputs)
    if (!known.emplace_back(content::known_tensor(v)) && v) return;
  for (const auto& t : known) operands.push_back(t ? &*t : nullptr);
  try {
    const std::vector<Tensor> results = evaluate_node(n, operands);
    for (std::size_t i = 0; i < results.size(); ++i)
      if (open(n.outputs[i])) note(*n.outputs[i], results[i]);
  } catch (const UserError&) {  // a fault, which is found where the node runs
  }
}

// Whether a branch that is known to be taken inside a region took its If's place.
bool resolve_inside(Node& node) {
  if (!is_control(node)) return false;
  for (Region& r : node.regions)
    for (Node* inner : r.graph->nodes())
      if (resolve_if(*r.graph, inner) || resolve_inside(*inner)) return true;
  return false;
}

// One round over all nodes; true if a node was replaced, so that a new round is due.
bool infer_nodes(Graph& graph, Diagnostics& round, const InferOptions& options) {
  for (Node* n : graph.nodes()) {
    if (resolve_if(graph, n) || expand_flex_attention(graph, n)) return true;
    if (options.random_as_input && random_as_input(graph, n)) return true;
    for (Node* m : without_sequences(graph, n, round)) {
      const bool inferred = infer_node(*m, round);
      if (inferred && expand_node(*m, round)) continue;
      if (inferred) evaluate_small(*m);
      if (resolve_inside(*m)) return true;
    }
  }
  finish_sequences(graph, round);
  return false;
}

}  // namespace

namespace {

std::set<std::string> names_of(const Symbols& symbols) {
  std::set<std::string> out;
  for (const Symbol& s : symbols.all()) out.insert(s.name);
  return out;
}

// Whether sizes were taken from elements of inputs, or an output's left open.
bool has_new_symbols(const Symbols& symbols, const std::set<std::string>& old) {
  return std::any_of(symbols.all().begin(), symbols.all().end(), [&](const Symbol& s) { return !old.contains(s.name); });
}

}  // namespace

bool infer_types(Graph& graph, Diagnostics& diagnostics, const InferOptions& options) {
  const std::set<std::string> of_inputs = names_of(graph.symbols());
  std::set<std::string> solved;
  std::set<const Value*> given;
  Diagnostics first;  // the errors before sizes were taken from inputs' elements
  spread_declared_shapes(graph);
  for (;;) {
    clear_types(graph);
    graph.symbols().equalities().clear();
    Diagnostics round;
    if (infer_nodes(graph, round, options)) continue;
    if (round.failed() && given.empty()) first = round;
    if (round.failed() && give_sizes(graph, given)) continue;
    if (round.failed() && !given.empty()) unify_declared_reshapes(graph);
    if (!round.failed() && has_new_symbols(graph.symbols(), of_inputs)) unify_declared_outputs(graph, round);
    std::optional<Solution> next;
    for (const auto& e : graph.symbols().equalities()) {
      if (graph.symbols().has_measured(e)) continue;
      next = solve(e);
      if (next && solved.insert(next->symbol).second) break;
      next.reset();
    }
    if (!next) {
      for (const Diagnostic& d : (round.failed() && first.failed() ? first : round).errors()) diagnostics.error(d.message, d.help);
      break;
    }
    narrow_bounds(graph.symbols(), *next, diagnostics);
    graph.substitute_symbol(next->symbol, next->value);
    graph.symbols().erase(next->symbol);
  }
  return !diagnostics.failed();
}

bool infer_types(Graph& graph, Diagnostics& diagnostics) { return infer_types(graph, diagnostics, {}); }

}  // namespace inferc
