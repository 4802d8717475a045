#include <fmt/format.h>

#include "compiler/ops/content.hpp"
#include "compiler/ops/control.hpp"

namespace inferc::op_If {
namespace {

bool has_branches(Infer& i) {
  const auto& r = i.node.regions;
  const bool both = r.size() == 2 && (r[0].name == "then_branch" || r[1].name == "then_branch") && (r[0].name == "else_branch" || r[1].name == "else_branch");
  if (!both) return i.fail("it needs a then_branch and an else_branch");
  for (const Region& region : r) {
    if (region.graph->inputs().size() != region.captures) return i.fail(fmt::format("{} has inputs of its own", region.name));
    if (region.graph->outputs().size() != i.node.outputs.size())
      return i.fail(fmt::format("{} gives {} values, the node {}", region.name, region.graph->outputs().size(), i.node.outputs.size()));
  }
  return true;
}

// A size that depends on the branch is found out by the call.
void unite(Infer& i, std::size_t output, std::size_t& measured) {
  const Type &a = *i.node.regions[0].graph->outputs()[output]->type, &b = *i.node.regions[1].graph->outputs()[output]->type;
  if (a.dtype != b.dtype || a.rank() != b.rank()) {
    i.fail(fmt::format("output {} is {} in one branch and {} in the other", output, text(a), text(b)), "both branches must give one element type and rank");
    return;
  }
  Shape shape = a.shape;
  for (std::size_t d = 0; d < shape.size(); ++d)
    if (!(a.shape[d] == b.shape[d]))
      shape[d] = i.measured(measured++, output, d, content::max(i.symbols(), i.symbols().at_limits(a.shape[d]), i.symbols().at_limits(b.shape[d])));
  i.out(output, a.dtype, shape);
}

// The branch that is taken, where that is known: passes put it in the node's place.
std::optional<std::size_t> known_branch(const Infer& i) {
  const auto condition = i.content(0);
  if (!condition || condition->size() != 1 || !(*condition)[0].is_constant()) return std::nullopt;
  const std::string_view name = (*condition)[0].is(0) ? "else_branch" : "then_branch";
  return i.node.regions[0].name == name ? 0 : 1;
}

void infer_taken(Infer& i, std::size_t branch) {
  control::bind_captures(i.node, branch);
  const Graph& graph = *i.node.regions[branch].graph;
  if (!i.region(*i.node.regions[branch].graph)) return;
  for (std::size_t k = 0; k < i.node.outputs.size(); ++k) i.out(k, graph.outputs()[k]->type->dtype, graph.outputs()[k]->type->shape);
}

void infer(Infer& i) {
  if (!has_branches(i)) return;
  if (!product(i.shape(0)).is(1)) {
    i.fail(fmt::format("the condition is {}, it must have one element", text(i.type(0))));
    return;
  }
  if (const auto taken = known_branch(i)) return infer_taken(i, *taken);
  bool known = true;
  for (std::size_t r = 0; r < 2; ++r) {
    control::bind_captures(i.node, r);
    known = i.region(*i.node.regions[r].graph) && known;
  }
  std::size_t measured = 0;
  for (std::size_t k = 0; known && k < i.node.outputs.size(); ++k) unite(i, k, measured);
  if (known) i.node.measures.resize(measured);
}

void lower(Lower& l) { internal_error(address(l.node) + ": control flow is lowered by plan"); }

}  // namespace

extern const Op op = {.name = "If",
                      .inputs = {{"cond", types::boolean}},
                      .min_outputs = 1,
                      .max_outputs = 1 << 20,
                      .infer = infer,
                      .lower = lower,
                      .versions = "7, 11, 13, 16, 19, 21, 23, 24, 25"};

}  // namespace inferc::op_If
