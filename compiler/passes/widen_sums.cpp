#include <algorithm>
#include <map>
#include <set>

#include "compiler/ops/evaluate_graph.hpp"
#include "compiler/ops/op.hpp"
#include "compiler/passes/edit.hpp"
#include "compiler/passes/grid.hpp"
#include "compiler/passes/match.hpp"
#include "compiler/passes/passes.hpp"

namespace inferc {
namespace {

// Every element, and every partial sum on the way to it, has at most 24 bits.
bool fits_float32(const grid::Grid& g) {
  constexpr std::int64_t most = std::int64_t{1} << 24;
  return std::all_of(g.low.begin(), g.low.end(), [](std::int64_t v) { return v >= -most; }) &&
         std::all_of(g.high.begin(), g.high.end(), [](std::int64_t v) { return v <= most; });
}

bool takes_float64(const Node& n) {
  const Op* op = find_op(n.op, n.domain);
  return op && !op->inputs.empty() && op->inputs[0].types.has(DType::float64);
}

class Widener {
 public:
  explicit Widener(Graph& graph) : graph_(graph), facts_(graph) {}

  bool run() {
    for (Node* n : graph_.nodes()) {
      if (n->outputs.size() != 1) continue;
      const bool behind = is_behind_quantiser(*n);
      if (behind || grid::is_quantiser(*n)) quantised_.insert(n->out());
      if (behind && n->regions.empty() && is_float32(n->out()) && takes_float64(*n)) visit(n);
    }
    return !wide_.empty();
  }

 private:
  // Signs and comparisons are on a grid, too (atan2 made of them has sums with pi): nobody trained these in fixed point.
  [[nodiscard]] bool is_behind_quantiser(const Node& n) const {
    return facts_.of(n.out()) && std::any_of(n.inputs.begin(), n.inputs.end(), [&](const Value* v) { return quantised_.count(v) > 0; });
  }

  // In float64 where the result has more than 24 bits, and back to float32 where it has not but what it is made of has.
  void visit(Node* n) {
    const grid::Grid* g = facts_.of(n->out());
    if (!g) return;
    const bool fits = fits_float32(*g);
    const bool follows = std::any_of(n->inputs.begin(), n->inputs.end(), [&](Value* v) { return wide_.count(v) > 0; });
    if (fits && !follows) return;
    if (!follows) note(*n);
    const Edit edit(graph_, n);
    std::vector<Value*> inputs;
    for (Value* v : n->inputs) inputs.push_back(is_float32(v) ? widened_value(edit, v) : v);
    Value* sum = edit.again(*n, std::move(inputs));
    Value* narrow = edit("Cast", {sum}, {{"to", static_cast<std::int64_t>(DType::float32)}});
    edit.replace_with(narrow);
    quantised_.insert(narrow);
    if (!fits) wide_[narrow] = sum;
  }

  void note(const Node& n) {
    graph_.notes.push_back({address(n) + ": its sums may take more than the 24 bits of float32: they are computed in float64, which takes longer",
                            "data and weights of fewer bits, or a quantiser behind it: both make it one on integers"});
  }

  Value* widened_value(const Edit& edit, Value* v) {
    if (const auto at = wide_.find(v); at != wide_.end()) return at->second;
    if (v->constant) return graph_.add_constant(widened(*v->constant));
    return edit("Cast", {v}, {{"to", static_cast<std::int64_t>(DType::float64)}});
  }

  Graph& graph_;
  const grid::Facts facts_;
  std::set<const Value*> quantised_;  // what quantisers give, and what is on a grid behind them
  std::map<Value*, Value*> wide_;     // a value of float32: the same before it was rounded
};

}  // namespace

// Sums of values on a grid that may leave the 24 bits of float32 in float64, and what follows until a quantiser brings them back: so
// they are what the network was trained with. Does not fire where float32 is exact, nor on what is on no grid or before all quantisers.
bool widen_sums(Graph& graph) {
  const bool changed = grid::has_quantiser(graph) && Widener(graph).run();
  return graph.erase_dead() || changed;
}

}  // namespace inferc
