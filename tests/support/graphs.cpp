#include "tests/support/graphs.hpp"

#include <gtest/gtest.h>

#include "compiler/passes/passes.hpp"

namespace inferc::test {
namespace {

void strip(Graph& g) {
  g.name.clear();
  for (Value* v : g.inputs()) v->name.clear();
  for (Value* v : g.constants()) v->name.clear();
  for (Node* n : g.nodes()) {
    n->name.clear();
    n->origins.clear();
    n->opset = 0;
    for (Value* v : n->outputs)
      if (v) v->name.clear();
    for (Region& r : n->regions) strip(*r.graph);
  }
}

}  // namespace

int count(const Graph& graph, std::string_view op) {
  int out = 0;
  for (const Node* n : graph.nodes()) out += n->is(op, "inferc");
  return out;
}

std::unique_ptr<Graph> typed_graph(std::string_view text) {
  auto g = parse_graph(text);
  Diagnostics problems;
  if (!infer_types(*g, problems)) throw UserError(problems.errors());
  verify(*g);
  return g;
}

std::string normal_form(const Graph& graph) {
  const auto copy = clone(graph);
  strip(*copy);
  std::vector<Tensor> constants;
  for (const Value* v : copy->constants()) constants.push_back(*v->constant);
  const auto numbered = parse_graph(text(*copy), constants);
  return text(*numbered);
}

void expect_rewrite(bool (*pass)(Graph&), std::string_view before, std::string_view after) {
  const auto g = typed_graph(before);
  EXPECT_TRUE(pass(*g));
  verify(*g);
  EXPECT_EQ(normal_form(*g), normal_form(*typed_graph(after)));
}

void expect_unchanged(bool (*pass)(Graph&), std::string_view graph) {
  const auto g = typed_graph(graph);
  g->erase_dead();  // a pass may do that
  const std::string before = normal_form(*g);
  EXPECT_FALSE(pass(*g));
  verify(*g);
  EXPECT_EQ(normal_form(*g), before);
}

}  // namespace inferc::test
