#include <gtest/gtest.h>

#include "tests/ops/run_node.hpp"

namespace inferc::test {
namespace {

TEST(NonZero, GivesTheIndicesOfConstants) {
  const Tensor y = run("NonZero", {f32({2, 2}, {1, -0.0f, 3, -1})});
  EXPECT_EQ(y.shape(), (Integers{2, 3}));
  EXPECT_EQ(values<std::int64_t>(y), (Integers{0, 1, 1, 0, 0, 1}));
  EXPECT_EQ(run("NonZero", {i64({3}, {0, 0, 0})}).shape(), (Integers{1, 0}));
}

std::string triangle(std::int64_t k, std::int64_t upper) {
  Graph graph;
  graph.symbols().declare("n", {0, 9});
  Value* x = graph.add_input("x", {DType::float32, {Dim::symbol("n")}});
  Diagnostics problems;
  const auto add = [&](const char* op, std::vector<Value*> inputs, Attributes attributes = {}) {
    Node* n = graph.add_node(op, std::move(inputs), 1, std::move(attributes));
    EXPECT_TRUE(infer_node(*n, problems));
    return n->out();
  };
  Value* size = add("Shape", {x});
  Value* square = add("Concat", {size, size}, {{"axis", std::int64_t{0}}});
  Value* ones = add("ConstantOfShape", {square}, {{"value", f32({1}, {1})}});
  Value* part = add("Trilu", {ones, graph.add_constant(i64({}, {k}))}, {{"upper", upper}});
  return text(*add("NonZero", {part})->type);
}

TEST(NonZero, CountsTheTriangleOfASymbolicSquare) {
  const Dim n = Dim::symbol("n");
  const auto expected = [](const Dim& count) { return text(Type{DType::int64, {2, count}}); };
  EXPECT_EQ(triangle(0, 0), expected(floor_div(n * (n + 1), 2)));
  EXPECT_EQ(triangle(-1, 0), expected(floor_div(n * (n - 1), 2)));
  EXPECT_EQ(triangle(1, 1), expected(floor_div(n * (n - 1), 2)));
  EXPECT_EQ(triangle(0, 1), expected(floor_div(n * (n + 1), 2)));
}

}  // namespace
}  // namespace inferc::test
