#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "compiler/ops/op.hpp"
#include "compiler/passes/passes.hpp"
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
    diagnostics.error(fmt::format("the sizes {} ({} to {}) and {} ({} to {}) must be equal and cannot", s.symbol, from.lower, from.upper,
                                  s.value.text(), to.lower, to.upper),
                      "--dim gives both the same bounds");
  else if (const auto name = s.value.as_symbol(); !name.empty())
    symbols.set_bounds(name, both);
}

void substitute_inputs(Graph& graph, const Solution& s) {
  for (Value* v : graph.inputs())
    for (Dim& d : v->type->shape)
      d = substitute(d, [&](std::string_view n) { return n == s.symbol ? std::optional(s.value) : std::nullopt; });
}

void clear_types(Graph& graph) {
  for (const Node* n : graph.nodes())
    for (Value* v : n->outputs)
      if (v && !v->is_constant() && n->domain != "inferc") {
        v->type.reset();
        v->content.reset();
      }
}

// One round over all nodes; true if a region was inlined, so that a new round is due.
bool infer_nodes(Graph& graph, Diagnostics& round) {
  for (Node* n : graph.nodes()) {
    if (resolve_if(graph, n) || expand_flex_attention(graph, n)) return true;
    infer_node(*n, round);
  }
  return false;
}

}  // namespace

bool infer_types(Graph& graph, Diagnostics& diagnostics) {
  std::set<std::string> solved;
  for (;;) {
    clear_types(graph);
    graph.symbols().equalities().clear();
    Diagnostics round;
    if (infer_nodes(graph, round)) continue;
    std::optional<Solution> next;
    for (const auto& e : graph.symbols().equalities()) {
      next = solve(e);
      if (next && solved.insert(next->symbol).second) break;
      next.reset();
    }
    if (!next) {
      for (const Diagnostic& d : round.errors()) diagnostics.error(d.message, d.help);
      break;
    }
    narrow_bounds(graph.symbols(), *next, diagnostics);
    substitute_inputs(graph, *next);
    graph.symbols().erase(next->symbol);
  }
  return !diagnostics.failed();
}

}  // namespace inferc
