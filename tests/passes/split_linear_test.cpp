#include <gtest/gtest.h>

#include "compiler/ops/evaluate_graph.hpp"
#include "compiler/passes/passes.hpp"
#include "tests/support/graphs.hpp"

namespace inferc {
namespace {

// "{1, 2, ... count}" of `from`, `from` + `step` ...
std::string numbers(int count, int from = 1, int step = 1) {
  std::string out = "{";
  for (int i = 0; i < count; ++i) out += (i ? ", " : "") + std::to_string(from + i * step);
  return out + "}";
}

// Rows of `table` [5, 32], gathered by `i` [40], beside rows of `e` [40, 4].
constexpr const char* edges = R"(graph "g" {
      %table: f32[5, 32] = input
      %e: f32[40, 4] = input
      %i: i64[40] = input
      )";

TEST(SplitLinear, MultipliesATableBeforeItsRowsAreGathered) {
  test::expect_rewrite(split_linear, edges + ("%w: f32[36, 1] = constant f32[36, 1] " + numbers(36)) + R"(
      %1 = Gather(%table, %i) {"axis" = 0}
      %2 = Concat(%1, %e) {"axis" = 1}
      %y = MatMul(%2, %w)
      return %y
    })",
                       edges + ("%w: f32[4, 1] = constant f32[4, 1] " + numbers(4, 33)) + "\n %v: f32[32, 1] = constant f32[32, 1] " + numbers(32) + R"(
      %1 = MatMul(%e, %w)
      %2 = MatMul(%table, %v)
      %3 = Gather(%2, %i) {"axis" = 0}
      %y = Add(%1, %3)
      return %y
    })");
}

TEST(SplitLinear, LeavesATableWithMoreRowsThanAreGathered) {
  test::expect_unchanged(split_linear, R"(graph "g" {
      %table: f32[500, 8] = input
      %i: i64[40] = input
      %w: f32[8, 2] = constant f32[8, 2] {1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8}
      %1 = Gather(%table, %i) {"axis" = 0}
      %y = MatMul(%1, %w)
      return %y
    })");
}

TEST(SplitLinear, LeavesASumOfWholeTensorsAndAConcatenationOfRows) {
  test::expect_unchanged(split_linear, R"(graph "g" {
      %a: f32[20, 2] = input
      %b: f32[20, 2] = input
      %w: f32[2, 2] = constant f32[2, 2] {1, 2, 3, 4}
      %1 = Add(%a, %b)
      %2 = Concat(%1, %b) {"axis" = 0}
      %y = MatMul(%2, %w)
      %z = MatMul(%1, %w)
      return %y, %z
    })");
}

TEST(SplitLinear, LeavesADifferenceNoSideOfWhichStandsBesideIt) {
  test::expect_unchanged(split_linear, R"(graph "g" {
      %x: f32[5, 1, 32] = input
      %i: i64[5, 40] = input
      %w: f32[32, 1] = constant f32[32, 1] )" +
                                           numbers(32) + R"(
      %t: f32[5, 32] = inferc.View(%x)
      %1 = Gather(%t, %i) {"axis" = 0}
      %2 = Sub(%1, %x)
      %y = MatMul(%2, %w)
      return %y
    })");
}

// Pairs (x_i, x_j - x_i) of neighbours, channels first, as ParticleNet's exporters write them; weights 1..64.
std::string edge_conv() {
  return R"(graph "g" {
      symbol n: 8..64
      %x: f32[2, 32, n] = input
      %i: i64[2, n, 7] = input
      %shape: i64[4] = constant i64[4] {1, 1, 1, 7}
      %w: f32[64, 1] = constant f32[64, 1] )" +
         numbers(64) + R"(
      %t = Transpose(%x) {"perm" = ints[0, 2, 1]}
      %table: f32[2*n, 32] = inferc.View(%t)
      %flat: i64[14*n] = inferc.View(%i)
      %rows = Gather(%table, %flat) {"axis" = 0}
      %pairs: f32[2, n, 7, 32] = inferc.View(%rows)
      %other = Transpose(%pairs) {"perm" = ints[0, 3, 1, 2]}
      %own: f32[2, 32, n, 1] = inferc.View(%x)
      %self = Expand(%own, %shape)
      %difference = Sub(%other, %own)
      %both = Concat(%self, %difference) {"axis" = 1}
      %last = Transpose(%both) {"perm" = ints[0, 2, 3, 1]}
      %y = MatMul(%last, %w)
      return %y
    })";
}

TEST(SplitLinear, AppliesTheFirstLayerOfEdgeConvOncePerParticle) {
  const std::string own(" {" + [] {
    std::string s;
    for (int k = 0; k < 32; ++k) s += k ? ", -32" : "-32";
    return s;
  }() + "}");
  test::expect_rewrite(split_linear, edge_conv(),
                       R"(graph "g" {
      symbol n: 8..64
      %x: f32[2, 32, n] = input
      %i: i64[2, n, 7] = input
      %own: f32[32, 1] = constant f32[32, 1])" +
                           own + "\n %other: f32[32, 1] = constant f32[32, 1] " + numbers(32, 33) + R"(
      %flat: i64[14*n] = inferc.View(%i)
      %1 = Transpose(%x) {"perm" = ints[0, 2, 1]}
      %2 = MatMul(%1, %own)
      %3: f32[2, n, 1, 1] = inferc.View(%2)
      %4 = Transpose(%x) {"perm" = ints[0, 2, 1]}
      %5 = MatMul(%4, %other)
      %6: f32[2*n, 1] = inferc.View(%5)
      %7 = Gather(%6, %flat) {"axis" = 0}
      %8: f32[2, n, 7, 1] = inferc.View(%7)
      %y = Add(%3, %8)
      return %y
    })");
}

TEST(SplitLinear, KeepsTheSizeOfASumOfBroadcastTensors) {
  test::expect_rewrite(split_linear, R"(graph "g" {
      %x: f32[5, 1, 8] = input
      %s: i64[3] = constant i64[3] {5, 40, 8}
      %w: f32[8, 2] = constant f32[8, 2] {1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8}
      %1 = Expand(%x, %s)
      %y = MatMul(%1, %w)
      return %y
    })",
                       R"(graph "g" {
      %x: f32[5, 1, 8] = input
      %w: f32[8, 2] = constant f32[8, 2] {1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8}
      %s: i64[3] = constant i64[3] {5, 40, 2}
      %1 = MatMul(%x, %w)
      %y = Expand(%1, %s)
      return %y
    })");
}

// A batch of one, so that the axes of one jet are counted into a view: its rows are all of them, those of `self` are not.
const std::string one_jet = R"(graph "g" {
      %x: f32[8, 1, 32, 1] = input
      %other: f32[8, 7, 32, 1] = input
      %s: i64[4] = constant i64[4] {8, 7, 32, 1}
      %w: f32[64, 64] = constant f32[64, 64] )" +
                            numbers(64 * 64) + R"(
      %self = Expand(%x, %s)
      %difference = Sub(%other, %x)
      %both = Concat(%self, %difference) {"axis" = 2}
      %last: f32[1, 8, 7, 64] = inferc.View(%both)
      %y = MatMul(%last, %w)
      return %y
    })";

TEST(SplitLinear, WidensABroadcastSideBeforeAView) {
  const auto before = test::typed_graph(one_jet), after = test::typed_graph(one_jet);
  ASSERT_TRUE(split_linear(*after));
  Tensor x(DType::float32, {8, 1, 32, 1}), other(DType::float32, {8, 7, 32, 1});
  for (std::size_t k = 0; k < x.size(); ++k) x.as<float>()[k] = static_cast<float>(k % 3) - 1;
  for (std::size_t k = 0; k < other.size(); ++k) other.as<float>()[k] = static_cast<float>(k % 5) - 2;
  const Tensor a = evaluate_graph(*before, {x, other})[0], b = evaluate_graph(*after, {x, other})[0];
  EXPECT_TRUE(a.same(b));
}

// As for a batch of one, where the axis of neighbours has become the last but for ones.
TEST(SplitLinear, GoesThroughAViewWithAxesOfOneBehindTheColumns) {
  const std::string text = R"(graph "g" {
      %table: f32[8, 32] = input
      %i: i64[56] = input
      %s: i64[4] = constant i64[4] {8, 7, 32, 1}
      %w: f32[64, 64] = constant f32[64, 64] )" +
                           numbers(64 * 64) + R"(
      %own: f32[8, 1, 32, 1] = inferc.View(%table)
      %rows = Gather(%table, %i) {"axis" = 0}
      %other: f32[8, 7, 32, 1] = inferc.View(%rows)
      %self = Expand(%own, %s)
      %difference = Sub(%other, %own)
      %both = Concat(%self, %difference) {"axis" = 2}
      %last: f32[1, 8, 7, 64] = inferc.View(%both)
      %y = MatMul(%last, %w)
      return %y
    })";
  const auto before = test::typed_graph(text), after = test::typed_graph(text);
  ASSERT_TRUE(split_linear(*after));
  for (const Node* n : after->nodes()) {
    EXPECT_FALSE(n->is("Sub")) << "a difference of the rows of neighbours is left";
    EXPECT_FALSE(n->is("MatMul") && n->in(0)->type->shape.size() > 2) << "a product of the rows of neighbours is left";
  }
  Tensor table(DType::float32, {8, 32}), i(DType::int64, {56});
  for (std::size_t k = 0; k < table.size(); ++k) table.as<float>()[k] = static_cast<float>(k % 5) - 2;
  for (std::size_t k = 0; k < i.size(); ++k) i.as<std::int64_t>()[k] = static_cast<std::int64_t>(k * 3 % 8);
  EXPECT_TRUE(evaluate_graph(*before, {table, i})[0].same(evaluate_graph(*after, {table, i})[0]));
}

TEST(SplitLinear, WidensATableOfOneRowBeforeItIsGathered) {
  const std::string text = R"(graph "g" {
      %x: f32[1, 32] = input
      %i: i64[400] = input
      %s: i64[2] = constant i64[2] {5, 32}
      %w: f32[32, 1] = constant f32[32, 1] )" +
                           numbers(32) + R"(
      %table = Expand(%x, %s)
      %1 = Gather(%table, %i) {"axis" = 0}
      %y = MatMul(%1, %w)
      return %y
    })";
  const auto before = test::typed_graph(text), after = test::typed_graph(text);
  ASSERT_TRUE(split_linear(*after));
  Tensor x(DType::float32, {1, 32}), i(DType::int64, {400});
  for (std::size_t k = 0; k < x.size(); ++k) x.as<float>()[k] = static_cast<float>(k % 3) - 1;
  for (std::size_t k = 0; k < i.size(); ++k) i.as<std::int64_t>()[k] = static_cast<std::int64_t>(k % 5);
  EXPECT_TRUE(evaluate_graph(*before, {x, i})[0].same(evaluate_graph(*after, {x, i})[0]));
}

// Both sides of x + x are one term with twice the weights; those of the graph stay what they are.
TEST(SplitLinear, LeavesTheWeightsThatItReads) {
  const auto graph = test::typed_graph(R"(graph "g" {
      %x: f32[3, 2] = input
      %w: f32[2, 2] = constant f32[2, 2] {1, 2, 3, 4}
      %1 = Add(%x, %x)
      %y = MatMul(%1, %w)
      return %y
    })");
  Tensor x(DType::float32, {3, 2});
  for (std::size_t k = 0; k < x.size(); ++k) x.as<float>()[k] = static_cast<float>(k);
  const Tensor before = evaluate_graph(*graph, {x})[0];
  static_cast<void>(split_linear(*graph));
  EXPECT_TRUE(before.same(evaluate_graph(*graph, {x})[0]));
}

TEST(SplitLinear, GivesTheSameNumbers) {
  const auto before = test::typed_graph(edge_conv()), after = test::typed_graph(edge_conv());
  ASSERT_TRUE(split_linear(*after));
  Tensor x(DType::float32, {2, 32, 9}), i(DType::int64, {2, 9, 7});
  for (std::size_t k = 0; k < x.size(); ++k) x.as<float>()[k] = static_cast<float>(k * k % 23) - 8;
  for (std::size_t k = 0; k < i.size(); ++k) i.as<std::int64_t>()[k] = static_cast<std::int64_t>(k * 5 % 18);
  const Tensor a = evaluate_graph(*before, {x, i})[0], b = evaluate_graph(*after, {x, i})[0];
  EXPECT_TRUE(a.same(b));  // small integers: exact in any order
}

}  // namespace
}  // namespace inferc
