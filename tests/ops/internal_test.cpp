#include <algorithm>

#include <gtest/gtest.h>

#include "compiler/ops/evaluate_graph.hpp"
#include "compiler/passes/passes.hpp"
#include "tests/ops/run_node.hpp"
#include "tests/support/graphs.hpp"

// Operators that only passes make.
namespace inferc::test {
namespace {

bool has(const Graph& graph, std::string_view op) {
  const auto nodes = graph.nodes();
  return std::any_of(nodes.begin(), nodes.end(), [&](const Node* n) { return n->is(op, "inferc"); });
}

Tensor counted(std::vector<std::int64_t> shape) {
  Tensor t(DType::float32, std::move(shape));
  for (std::size_t i = 0; i < t.size(); ++i) t.as<float>()[i] = static_cast<float>(i);
  return t;
}

TEST(View, GivesTheSameElementsInAnotherShape) {
  Graph graph;
  graph.symbols().declare("n", {0, 9});
  const Dim n = Dim::symbol("n");
  Value* x = graph.add_input("x", {DType::float32, {n, Dim(6)}});
  Value* flat = graph.add_node("Reshape", {x, graph.add_constant(i64({1}, {-1}))})->outputs[0];
  Value* y = graph.add_node("Reshape", {flat, graph.add_constant(i64({3}, {-1, 2, 3}))})->outputs[0];
  graph.set_outputs({y});
  Diagnostics problems;
  ASSERT_TRUE(infer_types(graph, problems));
  canonicalise(graph);
  verify(graph);
  ASSERT_TRUE(has(graph, "View"));
  for (const std::int64_t rows : {0, 1, 7}) {
    const Tensor in = counted({rows, 6});
    EXPECT_TRUE(evaluate_graph(graph, {in})[0].same(in.reshaped({rows, 2, 3}))) << rows;
  }
}

TEST(Sizes, GivesTheSizesOfTheCall) {
  Graph graph;
  graph.symbols().declare("n", {0, 9});
  const Dim n = Dim::symbol("n");
  Value* x = graph.add_input("x", {DType::float32, {n, Dim(6)}});
  Value* shape = graph.add_node("Shape", {x})->outputs[0];
  graph.set_outputs({graph.add_node("Mul", {shape, graph.add_constant(i64({2}, {2, 1}))})->outputs[0]});
  Diagnostics problems;
  ASSERT_TRUE(infer_types(graph, problems));
  fold_constants(graph);
  verify(graph);
  ASSERT_TRUE(has(graph, "Sizes"));
  for (const std::int64_t rows : {0, 1, 7}) EXPECT_EQ(values<std::int64_t>(evaluate_graph(graph, {counted({rows, 6})})[0]), (Integers{2 * rows, 6})) << rows;
}

TEST(GroupRows, GivesTheRowsOfEachMask) {
  Graph graph;
  graph.symbols().declare("n", {0, 9});
  const Dim n = Dim::symbol("n");
  Value* a = graph.add_input("a", {DType::float32, {n}});
  Value* b = graph.add_input("b", {DType::boolean, {n}});
  Node* rows = graph.add_node("GroupRows", {a, b}, 2);
  rows->domain = "inferc";
  graph.set_outputs(rows->outputs);
  Diagnostics problems;
  ASSERT_TRUE(infer_types(graph, problems));
  verify(graph);
  // Together no more than n.
  EXPECT_TRUE(graph.symbols().at_limits(rows->out(0)->type->shape[0] + rows->out(1)->type->shape[0]) == n);
  for (const Integers& types : {Integers{}, Integers{0}, Integers{1}, Integers{2}, Integers{2, 0, 1, 1, 2, 2}}) {
    const auto count = static_cast<std::int64_t>(types.size());
    Tensor ones(DType::float32, {count}), twos(DType::boolean, {count});
    Integers of_one, of_two;
    for (std::int64_t i = 0; i < count; ++i) {
      const auto at = static_cast<std::size_t>(i);
      ones.as<float>()[at] = types[at] == 1 ? 1.0f : 0.0f;
      twos.as<bool>()[at] = types[at] == 2;
      if (types[at] == 1) of_one.push_back(i);
      if (types[at] == 2) of_two.push_back(i);
    }
    const auto got = evaluate_graph(graph, {ones, twos});
    EXPECT_EQ(values<std::int64_t>(got[0]), of_one);
    EXPECT_EQ(values<std::int64_t>(got[1]), of_two);
  }
}

TEST(GroupRows, RefusesMasksOfOtherShapes) {
  for (const Shape& other : {Shape{Dim(4)}, Shape{Dim(3), Dim(1)}}) {
    Graph graph;
    Node* rows = graph.add_node("GroupRows", {graph.add_input("a", {DType::float32, {Dim(3)}}), graph.add_input("b", {DType::float32, other})}, 2);
    rows->domain = "inferc";
    graph.set_outputs(rows->outputs);
    Diagnostics problems;
    EXPECT_FALSE(infer_types(graph, problems));
  }
}

}  // namespace
}  // namespace inferc::test
