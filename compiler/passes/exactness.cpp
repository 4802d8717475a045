#include "compiler/passes/exactness.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "compiler/ops/op.hpp"
#include "compiler/passes/grid.hpp"
#include "compiler/passes/passes.hpp"

namespace inferc {
namespace {

using Class = Exactness::Class;

constexpr std::int64_t largest_table = 1 << 16;

// A float value off the grids: no quantiser came before (`known` is false), else what it became of one, by which node, and which gave integers
// a step that is no power of two (null: none did).
struct State {
  bool known = false;
  Class kind = Class::exact;
  const Node* by = nullptr;
  const Node* step = nullptr;
};

// The first node that is a quantiser by its definition, whatever its step.
const Node* declared_quantiser(const Graph& graph) {
  for (const Node* n : graph.nodes())
    if (n->is("QuantizeLinear") || n->is("DynamicQuantizeLinear") || n->is("Quantize", "inferc")) return n;
  return nullptr;
}

class Walk {
 public:
  explicit Walk(const Graph& graph) : facts_(graph), declared_(declared_quantiser(graph)) {
    for (const Node* n : graph.nodes())
      for (const Value* v : n->outputs)
        if (v && v->type && is_float(v->type->dtype)) visit(*n, v);
    for (const Value* v : graph.outputs()) {
      steps_.push_back(step_of(v));
      if (v->type && is_float(v->type->dtype) && !facts_.of(v)) worsen({true, Class::rounded, state_of(v).by, state_of(v).step});
    }
  }

  [[nodiscard]] std::optional<Exactness> result() const {
    if (!quantised_ && declared_) return Exactness{Class::rounded, reason({true, Class::rounded, declared_}), steps_};
    if (!quantised_) return std::nullopt;
    return Exactness{worst_.kind, worst_.kind == Class::exact ? "" : reason(worst_), steps_};
  }

 private:
  static std::string reason(const State& s) {
    if (!s.by) return "an output is on no grid";
    if (const auto why = grid::off_grid_reason(*s.by); !why.empty()) return fmt::format("{} has {}", address(*s.by), why);
    const std::string what = s.kind == Class::table ? "is a table" : "is computed in float";
    return fmt::format("{} {}{}", address(*s.by), what, s.step ? fmt::format(", as {} has a step that is no power of two", address(*s.step)) : "");
  }

  // A rounding that a Clip bounds is a quantiser as a whole.
  static bool quantises(const Node& n) {
    const Node* rounding = n.is("Clip") && n.in(0) ? n.in(0)->producer : nullptr;
    return grid::is_quantiser(n) || (rounding && rounding->domain.empty() && grid::is_quantiser(*rounding));
  }

  static bool is_scaling(const Node& n) { return n.is("DequantizeLinear") || ((n.is("Mul") || n.is("Div")) && (n.in(0)->constant || n.in(1)->constant)); }

  void visit(const Node& n, const Value* v) {
    if (!facts_.of(v)) {
      states_[v] = off_grid(n);
      return;
    }
    quantised_ = quantised_ || quantises(n);  // masks are on a grid, too
    for (const Value* in : n.inputs)          // a quantiser brings it back
      if (in && !facts_.of(in)) worsen(state_of(in));
  }

  // A function of one value that is on a grid, or of such a table, is a table.
  State off_grid(const Node& n) const {
    if (!grid::off_grid_reason(n).empty()) return {true, Class::rounded, &n};
    State out;
    std::size_t sources = 0;
    for (const Value* in : n.inputs) {
      if (!in || in->constant) continue;
      const grid::Grid* g = facts_.of(in);
      const State s = g ? State{true, points(*g) <= largest_table ? Class::table : Class::rounded, &n, is_scaling(n) ? &n : nullptr} : state_of(in);
      if (!s.known) continue;
      ++sources;
      if (!out.known || s.kind == Class::rounded) out = s;
    }
    const Op* op = find_op(n.op, n.domain);
    if (out.known && (sources > 1 || !op || !op->elementwise) && out.kind == Class::table) out = {true, Class::rounded, &n, out.step};
    return out;
  }

  static std::int64_t points(const grid::Grid& g) {
    std::int64_t most = 0;
    for (std::size_t k = 0; k < g.low.size(); ++k) most = std::max(most, g.high[k] - g.low[k] + 1);
    return most;
  }

  State state_of(const Value* v) const {
    const auto at = states_.find(v);
    return at == states_.end() ? State{} : at->second;
  }

  void worsen(const State& s) {
    if (!s.known || worst_.kind == Class::rounded || (worst_.kind == Class::table && s.kind != Class::rounded)) return;
    worst_ = s;
  }

  std::optional<double> step_of(const Value* v) const {
    const grid::Grid* g = facts_.of(v);
    return g ? std::optional(std::ldexp(1, -*std::max_element(g->fraction.begin(), g->fraction.end()))) : std::nullopt;
  }

  const grid::Facts facts_;
  const Node* declared_;
  std::map<const Value*, State> states_;
  std::vector<std::optional<double>> steps_;
  State worst_;
  bool quantised_ = false;
};

}  // namespace

std::optional<Exactness> exactness_of(const Graph& graph) {
  const auto folded = clone(graph);
  run_pipeline(*folded, "canonicalise");
  return Walk(*folded).result();
}

}  // namespace inferc
