#include <gtest/gtest.h>

#include <algorithm>

#include "compiler/ops/evaluate_graph.hpp"
#include "compiler/passes/passes.hpp"
#include "tests/support/graphs.hpp"

namespace inferc {
namespace {

// A mask of ones of a size that nobody knows: products with it, its negation, and what the negation chooses.
TEST(FoldUniform, AMaskOfOnesCostsNothing) {
  test::expect_rewrite(fold_uniform, R"(graph "g" {
      symbol n: 1..40
      %x: f32[n, 4] = input
      %shape = Shape(%x)
      %one: f32[] = constant f32[] {1}
      %zero: f32[] = constant f32[] {0}
      %far: f32[] = constant f32[] {-1000}
      %mask = Expand(%one, %shape)
      %1 = Mul(%x, %mask)
      %2 = Equal(%mask, %zero)
      %3 = Where(%2, %far, %1)
      %4 = Cast(%2) {"to" = 1}
      %5 = Add(%3, %4)
      %6 = Relu(%5)
      return %6
    })",
                       R"(graph "g" {
      symbol n: 1..40
      %x: f32[n, 4] = input
      %6 = Relu(%x)
      return %6
    })");
}

// 4 GB of one number are no weight.
TEST(FoldUniform, LeavesLargeResultsOfSmallOperandsToTheCall) {
  test::expect_rewrite(fold_uniform, R"(graph "g" {
      %size: i64[1] = constant i64[1] {1073741824}
      %1 = ConstantOfShape(%size)
      %2 = Exp(%1)
      return %2
    })",
                       R"(graph "g" {
      %one: f32[] = constant f32[] {1}
      %size: i64[1] = constant i64[1] {1073741824}
      %2 = Expand(%one, %size)
      return %2
    })");
}

TEST(FoldUniform, DecidesWhatConditionsAreUniform) {
  test::expect_rewrite(fold_uniform, R"(graph "g" {
      symbol n: 1..40
      %a: bool[n] = input
      %b: bool[n] = input
      %shape = Shape(%a)
      %all = ConstantOfShape(%shape) {"value" = tensor bool[1] {1}}
      %1 = And(%all, %a)
      %none = Not(%all)
      %2 = Or(%b, %none)
      %3 = Or(%1, %2)
      return %3
    })",
                       R"(graph "g" {
      symbol n: 1..40
      %a: bool[n] = input
      %b: bool[n] = input
      %3 = Or(%a, %b)
      return %3
    })");
}

std::size_t count_of(const Graph& graph, std::string_view op) {
  const auto nodes = graph.nodes();
  return static_cast<std::size_t>(std::count_if(nodes.begin(), nodes.end(), [&](const Node* n) { return n->is(op); }));
}

// The pass leaves no node of `op`, and every bit.
void expect_gone(std::string_view text, std::string_view op, const Tensor& x, const SymbolValues& sizes) {
  const auto graph = test::typed_graph(text);
  const std::vector<Tensor> before = evaluate_graph(*graph, {x}, sizes);
  EXPECT_TRUE(fold_uniform(*graph));
  verify(*graph);
  EXPECT_EQ(count_of(*graph, op), 0U);
  const std::vector<Tensor> after = evaluate_graph(*graph, {x}, sizes);
  ASSERT_EQ(after.size(), before.size());
  for (std::size_t i = 0; i < after.size(); ++i) EXPECT_TRUE(after[i].same(before[i])) << i;
}

TEST(FoldUniform, ASumOfOnesIsTheirNumber) {
  expect_gone(R"(graph "g" {
      symbol n: 1..40
      %x: f32[n, 2] = input
      %shape = Shape(%x)
      %one: f32[] = constant f32[] {1}
      %axis: i64[1] = constant i64[1] {-2}
      %mask = Expand(%one, %shape)
      %rows = ReduceSum(%mask, %axis) {"keepdims" = 0}
      %all = ReduceSum(%mask)
      %kept = ReduceSum(%mask, %axis) {"keepdims" = 1}
      %1 = Div(%x, %rows)
      return %1, %all, %kept
    })",
              "ReduceSum", tensor_of<float>({3, 2}, std::vector<float>{1, 2, 3, 4, 5, 6}), {{"n", 3}});
}

// What is wider than the operand that stays is expanded to it.
TEST(FoldUniform, KeepsTheShape) {
  expect_gone(R"(graph "g" {
      symbol n: 1..40
      %x: f32[n, 1] = input
      %zero: f32[1, 3] = constant f32[1, 3] {0, 0, 0}
      %1 = Add(%x, %zero)
      return %1
    })",
              "Add", tensor_of<float>({2, 1}, std::vector<float>{1, 2}), {{"n", 2}});
}

// 0 * inf is no 0, a sum of halves no count, a mask that is an input no constant, and x / 0 no x.
TEST(FoldUniform, LeavesWhatDependsOnTheData) {
  test::expect_unchanged(fold_uniform, R"(graph "g" {
      symbol n: 1..40
      %x: f32[n, 4] = input
      %given: f32[n, 1] = input
      %shape = Shape(%given)
      %axis: i64[1] = constant i64[1] {0}
      %zero: f32[] = constant f32[] {0}
      %half: f32[] = constant f32[] {0.5}
      %mask = Expand(%zero, %shape)
      %halves = Expand(%half, %shape)
      %1 = Mul(%x, %mask)
      %2 = Sub(%mask, %1)
      %3 = ReduceSum(%halves, %axis)
      %4 = Mul(%2, %given)
      %5 = Div(%4, %mask)
      return %3, %5
    })");
}

}  // namespace
}  // namespace inferc
