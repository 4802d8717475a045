#include <cmath>

#include <gtest/gtest.h>

#include "tests/ops/run_node.hpp"

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

}  // namespace
}  // namespace inferc::test
