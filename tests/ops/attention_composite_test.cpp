#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/plan/program.hpp"
#include "tests/ops/run_node.hpp"
#include "tests/support/graphs.hpp"

namespace inferc::test {
namespace {

Tensor attention(const std::vector<Tensor>& inputs, const Attributes& attributes) {
  Graph graph;
  std::vector<Value*> operands;
  std::vector<const Tensor*> given;
  for (const Tensor& t : inputs) {
    operands.push_back(graph.add_constant(t));
    given.push_back(&t);
  }
  Node* node = graph.add_node("Attention", operands, 1, attributes);
  node->domain = "inferc";
  return evaluate_node(*node, given)[0];
}

TEST(AttentionComposite, WeighsValuesBySoftmaxOfScaledScores) {
  const Tensor q = f32({1, 1, 1, 1}, {2}), k = f32({1, 1, 2, 1}, {1, 3}), v = f32({1, 1, 2, 1}, {10, 20});
  const float e = std::exp(-2.0f);
  EXPECT_NEAR(attention({q, k, v}, {{"scale", 0.5f}}).as<float>()[0], (10 * e + 20) / (e + 1), 1e-5f);
}

TEST(AttentionComposite, BroadcastsTheMaskAndZeroesWhatIsMaskedAsAWhole) {
  const float none = -INFINITY;
  const Tensor q = f32({1, 2, 2, 1}, {1, 1, 1, 1}), k = f32({1, 2, 2, 1}, {1, 1, 1, 1}), v = f32({1, 2, 2, 1}, {1, 2, 3, 4});
  const Tensor mask = f32({1, 1, 2, 2}, {none, 0, none, none});
  EXPECT_EQ(values<float>(attention({q, k, v, mask}, {{"zero_masked_rows", std::int64_t{1}}})), (std::vector<float>{2, 0, 4, 0}));
  EXPECT_TRUE(std::isnan(attention({q, k, v, mask}, {}).as<float>()[1]));
}

// Copies of operands in front of attention over heads that stand side by side in each of `rows` rows.
std::ptrdiff_t copies(const std::string& rows, int heads) {
  const auto g = typed_graph(fmt::format(R"(graph "g" {{
      symbol n: {0}
      %q: f32[1, n, {1}, 16] = input
      %k: f32[1, n, {1}, 16] = input
      %v: f32[1, n, {1}, 16] = input
      %1 = Transpose(%q) {{"perm" = ints[0, 2, 1, 3]}}
      %2 = Transpose(%k) {{"perm" = ints[0, 2, 1, 3]}}
      %3 = Transpose(%v) {{"perm" = ints[0, 2, 1, 3]}}
      %y = inferc.Attention(%1, %2, %3) {{"scale" = 0.25}}
      return %y
    }})",
                                         rows, heads));
  const Program p = plan(*g);
  return std::count_if(p.calls.begin(), p.calls.end(), [](const Call& c) { return c.kernel == "cpu::copy"; });
}

TEST(AttentionComposite, BringsTheValuesOfAHeadTogetherWhereManyStandFarApart) {
  EXPECT_EQ(copies("1..2048", 16), 1);
  EXPECT_EQ(copies("1..511", 16), 0);
  EXPECT_EQ(copies("1..2048", 4), 0);
}

}  // namespace
}  // namespace inferc::test
