#include <cmath>

#include <gtest/gtest.h>

#include "tests/ops/run_node.hpp"

namespace inferc::test {
namespace {

using Floats = std::vector<float>;
const Tensor none;

void expect_near(const Tensor& t, const Floats& expected) {
  ASSERT_EQ(t.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(t.as<float>()[i], expected[i], 1e-6f) << i;
}
float sigmoid(float x) { return 1 / (1 + std::exp(-x)); }

// One hidden unit: h = tanh(x w + h r + b).
TEST(RNN, RunsForwardReverseAndBoth) {
  const Tensor x = f32({2, 1, 1}, {1, -2}), w = f32({1, 1, 1}, {0.5f}), r = f32({1, 1, 1}, {0.25f}), b = f32({1, 2}, {0.1f, 0.2f});
  const float h1 = std::tanh(0.8f), h2 = std::tanh(-0.7f + 0.25f * h1);
  const auto forward = run_all("RNN", {x, w, r, b}, {}, 2);
  EXPECT_EQ(forward[0].shape(), (Integers{2, 1, 1, 1}));
  expect_near(forward[0], {h1, h2});
  expect_near(forward[1], {h2});
  const float b2 = std::tanh(-0.7f), b1 = std::tanh(0.8f + 0.25f * b2);
  const auto reverse = run_all("RNN", {x, w, r, b}, {{"direction", std::string("reverse")}}, 2);
  expect_near(reverse[0], {b1, b2});
  expect_near(reverse[1], {b1});
  const auto both = run_all("RNN", {x, f32({2, 1, 1}, {0.5f, 0.5f}), f32({2, 1, 1}, {0.25f, 0.25f}), f32({2, 2}, {0.1f, 0.2f, 0.1f, 0.2f})},
                            {{"direction", std::string("bidirectional")}}, 2);
  expect_near(both[0], {h1, b1, h2, b2});
  expect_near(both[1], {h2, b1});
}

TEST(RNN, StopsAtSequenceLengths) {
  const Tensor x = f32({2, 2, 1}, {1, 1, 1, 1}), one = f32({1, 1, 1}, {1});
  const auto y = run_all("RNN", {x, one, one, none, i32({2}, {1, 0}), f32({1, 2, 1}, {0, 7})}, {{"activations", std::vector<std::string>{"Relu"}}}, 2);
  expect_near(y[0], {1, 0, 0, 0});
  expect_near(y[1], {1, 7});
  EXPECT_NE(error("RNN", {x, one, one, none, i32({2}, {3, 0})}).find("out of range"), std::string::npos);
}

TEST(RNN, TakesActivationsWithParametersAndClip) {
  const Tensor x = f32({1, 1, 1}, {4}), one = f32({1, 1, 1}, {1});
  const auto affine = [&](float clip) {
    return run("RNN", {x, one, one},
               {{"activations", std::vector<std::string>{"Affine"}}, {"activation_alpha", Floats{2}}, {"activation_beta", Floats{1}}, {"clip", clip}});
  };
  expect_near(affine(0.0f), {9});
  expect_near(affine(3.0f), {7});
  expect_near(run("RNN", {x, one, one}, {{"activations", std::vector<std::string>{"HardSigmoid"}}}), {1});
}

TEST(RNN, RefusesWrongShapesAndNames) {
  const Tensor x = f32({1, 1, 1}, {4}), one = f32({1, 1, 1}, {1});
  EXPECT_NE(error("RNN", {x, f32({1, 1, 2}, {1, 2}), one}).find("sizes 2 and 1 differ"), std::string::npos);
  EXPECT_NE(error("RNN", {x, one, one}, {{"activations", std::vector<std::string>{"Swish"}}}).find("activation 'Swish'"), std::string::npos);
  EXPECT_NE(error("RNN", {x, one, one}, {{"direction", std::string("up")}}).find("direction 'up'"), std::string::npos);
  EXPECT_NE(error("RNN", {x, one, one}, {{"hidden_size", std::int64_t{2}}}).find("hidden_size is 2"), std::string::npos);
}

TEST(GRU, ResetsBeforeOrAfterTheProduct) {
  const Tensor x = f32({1, 1, 1}, {1}), w = f32({1, 3, 1}, {0.1f, 0.2f, 0.3f}), r = f32({1, 3, 1}, {0.4f, 0.5f, 0.6f}), b = f32({1, 6}, {0, 0, 0, 0, 0, 0.7f}),
               h0 = f32({1, 1, 1}, {2});
  const float z = sigmoid(0.1f + 0.8f), reset = sigmoid(0.2f + 1.0f);
  const float n1 = std::tanh(0.3f + 0.6f * reset * 2 + 0.7f), n2 = std::tanh(0.3f + reset * (0.6f * 2 + 0.7f));
  expect_near(run("GRU", {x, w, r, b, none, h0}), {(1 - z) * n1 + z * 2});
  expect_near(run("GRU", {x, w, r, b, none, h0}, {{"linear_before_reset", std::int64_t{1}}}), {(1 - z) * n2 + z * 2});
}

TEST(LSTM, FollowsItsEquationsWithPeepholes) {
  const Tensor x = f32({1, 1, 1}, {1}), w = f32({1, 4, 1}, {0.1f, 0.2f, 0.3f, 0.4f}), r = f32({1, 4, 1}, {0.5f, 0.6f, 0.7f, 0.8f}), h0 = f32({1, 1, 1}, {2}),
               c0 = f32({1, 1, 1}, {3}), p = f32({1, 3}, {0.1f, 0.2f, 0.3f});
  const auto y = run_all("LSTM", {x, w, r, none, none, h0, c0, p}, {}, 3);
  const float i = sigmoid(0.1f + 1.0f + 0.3f), f = sigmoid(0.3f + 1.4f + 0.9f), c = f * 3 + i * std::tanh(0.4f + 1.6f);
  const float o = sigmoid(0.2f + 1.2f + 0.2f * c);
  expect_near(y[2], {c});
  expect_near(y[1], {o * std::tanh(c)});
  const auto coupled = run_all("LSTM", {x, w, r, none, none, h0, c0}, {{"input_forget", std::int64_t{1}}}, 3);
  const float in = sigmoid(1.1f);
  expect_near(coupled[2], {(1 - in) * 3 + in * std::tanh(2.0f)});
}

TEST(LSTM, TakesBatchFirstLayoutAndNoSteps) {
  const Attributes first{{"layout", std::int64_t{1}}};
  const Tensor w = f32({1, 4, 1}, {1, 1, 1, 1});
  const auto y = run_all("LSTM", {f32({2, 3, 1}, {1, 2, 3, 4, 5, 6}), w, w}, first, 3);
  EXPECT_EQ(y[0].shape(), (Integers{2, 3, 1, 1}));
  EXPECT_EQ(y[1].shape(), (Integers{2, 1, 1}));
  EXPECT_EQ(y[0].as<float>()[5], y[1].as<float>()[1]);
  expect_near(run_all("LSTM", {f32({0, 2, 1}, {}), w, w}, {}, 3)[1], {0, 0});
}

}  // namespace
}  // namespace inferc::test
