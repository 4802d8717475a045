#include <algorithm>
#include <set>

#include "compiler/ops/fused.hpp"
#include "compiler/passes/match.hpp"
#include "compiler/passes/passes.hpp"

namespace inferc {
namespace fuse_epilogue_detail {
namespace {

constexpr std::size_t most_operands = 4;  // of cpu::Epilogue

// Products whose fast kernel applies an epilogue.
bool takes_epilogue(const Node& n) {
  const bool product = n.is("MatMul") && n.in(1)->is_constant();
  return product && n.regions.empty() && n.out()->type && n.out()->type->dtype == DType::float32 && n.out()->type->rank() >= 2;
}

// Whether `v` varies over rows x columns of `out` as a whole, by row, by column or not at all.
bool fits(const Value* v, const Shape& out) {
  const Shape& s = v->type->shape;
  if (v->type->dtype != DType::float32) return false;
  const auto ones = [](auto begin, auto end) { return std::all_of(begin, end, [](const Dim& d) { return d.is(1); }); };
  if (ones(s.begin(), s.end()) || s == out) return true;
  if (ones(s.begin(), s.end() - 1)) return s.back() == out.back();
  return s.size() == out.size() && s.back().is(1) && std::equal(s.begin(), s.end() - 1, out.begin());
}

// Whether the rows that `gather` picks are those of `out`: all its dims but the last are of the index.
bool picks_whole_rows(const Node& gather, const Shape& out) {
  const Shape& table = gather.in(0)->type->shape;
  const auto axis = from_front(gather.attr_int("axis", 0), std::ssize(table));
  return gather.out()->type->shape == out && axis + 2 == table.size() && table.back() == out.back();
}

bool fits(const Leaf& leaf, const Graph& region, const Shape& out) {
  return leaf.gather ? picks_whole_rows(*leaf.gather, out) : fits(region.inputs()[leaf.input], out);
}

// The product among the operands of an elementwise node that can take it as its epilogue: the last one in order, so
// that all other operands are known there.
Node* product_of(const Graph& graph, const Node& user) {
  Node* found = nullptr;
  std::set<const Node*> producers;
  for (const Value* v : user.inputs)
    if (v->producer && takes_epilogue(*v->producer) && graph.only_user(v) == &user && *v->type == *user.out()->type) producers.insert(v->producer);
  for (Node* n : graph.nodes())
    if (producers.count(n)) found = n;
  return found;
}

bool only_floats(const Region& region) {
  const std::vector<Node*> nodes = region.graph->nodes();
  return std::all_of(nodes.begin(), nodes.end(), [](const Node* n) { return n->out()->type->dtype == DType::float32; });
}

// The body of `user` (one node or a Fused group) with the product's value as its first input.
Region epilogue_region(const Graph& graph, Node* user, Value* accumulator, std::vector<Value*>& captures) {
  std::vector<Value*> outer{accumulator};
  for (Value* v : user->inputs)
    if (std::find(outer.begin(), outer.end(), v) == outer.end()) outer.push_back(v);
  captures.assign(outer.begin() + 1, outer.end());
  if (!user->is("Fused", "inferc")) return make_region(graph, "epilogue", {user}, outer, captures.size());
  Region region{"epilogue", clone(*user->regions[0].graph), captures.size()};
  const auto at = std::find(user->inputs.begin(), user->inputs.end(), accumulator) - user->inputs.begin();
  region.graph->move_input_to_front(static_cast<std::size_t>(at));
  return region;
}

bool step(Graph& graph, Node* user) {
  const bool fused = user->is("Fused", "inferc");
  if (!fused && !is_elementwise(*user)) return false;
  if (!user->out()->type || user->out()->type->dtype != DType::float32) return false;
  Node* product = product_of(graph, *user);
  if (!product) return false;
  std::vector<Value*> captures;
  Region region = epilogue_region(graph, user, product->out(), captures);
  const auto expression = region_expression(*region.graph, 1);
  if (!expression || expression->leaves.size() > most_operands || !only_floats(region)) return false;
  const Shape& out = user->out()->type->shape;
  const bool all_fit = std::all_of(expression->leaves.begin(), expression->leaves.end(), [&](const Leaf& l) { return fits(l, *region.graph, out); });
  if (!all_fit) return false;
  std::vector<Value*> inputs = product->inputs;
  inputs.insert(inputs.end(), captures.begin(), captures.end());
  Match both{{}, {}, {user, product}};
  replace_match(graph, both, product->op, product->domain, std::move(inputs), product->attributes)->regions.push_back(std::move(region));
  return true;
}

}  // namespace
}  // namespace fuse_epilogue_detail

// An elementwise node or group that alone reads a product and has its shape becomes the product's region "epilogue",
// applied to the accumulator before the store. Does not fire where an operand varies otherwise than by row, by column,
// with both, as rows picked from a table, or not at all. Exact.
bool fuse_epilogue(Graph& graph) {
  using namespace fuse_epilogue_detail;
  bool changed = false;
  for (Node* n : graph.nodes()) changed |= step(graph, n);
  return graph.erase_dead() || changed;
}

}  // namespace inferc
