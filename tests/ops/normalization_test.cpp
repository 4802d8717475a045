#include <cmath>

#include <gtest/gtest.h>

#include "tests/ops/run_node.hpp"

namespace inferc::test {
namespace {

using Floats = std::vector<float>;

void expect_near(const Tensor& t, const Floats& expected) {
  ASSERT_EQ(t.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(t.as<float>()[i], expected[i], 2e-6f) << i;
}

TEST(LayerNormalization, GivesMeanAndInverseDeviation) {
  const auto y = run_all("LayerNormalization", {f32({2, 2}, {1, 3, -2, 6}), f32({2}, {1, 2}), f32({2}, {0, 1})}, {{"epsilon", 0.0f}}, 3);
  EXPECT_EQ(values<float>(y[0]), (Floats{-1, 3, -1, 3}));
  EXPECT_EQ(y[1].shape(), (Integers{2, 1}));
  EXPECT_EQ(values<float>(y[1]), (Floats{2, 2}));
  EXPECT_EQ(values<float>(y[2]), (Floats{1, 0.25f}));
}

TEST(LayerNormalization, TakesSeveralAxesAndDouble) {
  const auto y = run_all("LayerNormalization", {f64({1, 2, 2}, {1, 1, 3, 3}), f64({2, 2}, {1, 1, 1, 1})}, {{"axis", std::int64_t{1}}, {"epsilon", 0.0f}}, 3);
  EXPECT_EQ(values<double>(y[0]), (std::vector<double>{-1, -1, 1, 1}));
  EXPECT_EQ(y[2].dtype(), DType::float32);
  EXPECT_NE(error("LayerNormalization", {f32({1, 2}, {1, 2}), f32({3}, {1, 1, 1})}).find("sizes 3 and 2 differ"), std::string::npos);
}

TEST(BatchNormalization, IsAffinePerChannel) {
  const Tensor x = f32({1, 2, 2}, {1, 2, 3, 4});
  expect_near(run("BatchNormalization", {x, f32({2}, {2, 1}), f32({2}, {0, 10}), f32({2}, {1, 3}), f32({2}, {4, 1})}, {{"epsilon", 0.0f}}), {0, 1, 10, 11});
  EXPECT_NE(error("BatchNormalization", {x, f32({2}, {2, 1}), f32({2}, {0, 10}), f32({2}, {1, 3}), f32({2}, {4, 1})}, {{"training_mode", std::int64_t{1}}})
                .find("training mode"),
            std::string::npos);
}

TEST(InstanceNormalization, TakesStatisticsPerInstance) {
  expect_near(run("InstanceNormalization", {f32({1, 2, 2}, {1, 3, 5, 5}), f32({2}, {2, 1}), f32({2}, {0, 7})}, {{"epsilon", 1e-12f}}), {-2, 2, 7, 7});
}

TEST(GroupNormalization, ScalesPerChannelOrPerGroup) {
  const Tensor x = f32({1, 4, 1}, {1, 3, 0, 4});
  const std::int64_t groups = 2;
  expect_near(run("GroupNormalization", {x, f32({4}, {1, 2, 3, 4}), f32({4}, {0, 0, 0, 1})}, {{"num_groups", groups}, {"epsilon", 0.0f}}), {-1, 2, -3, 5});
  expect_near(run("GroupNormalization", {x, f32({2}, {1, 2}), f32({2}, {0, 1})}, {{"num_groups", groups}, {"epsilon", 0.0f}, {"per_group", std::int64_t{1}}}),
              {-1, 1, -1, 3});
  EXPECT_NE(error("GroupNormalization", {x, f32({4}, {1, 2, 3, 4}), f32({4}, {0, 0, 0, 1})}, {{"num_groups", std::int64_t{3}}})
                .find("4 channels do not divide into 3 groups"),
            std::string::npos);
}

TEST(RMSNormalization, DividesByTheRootMeanSquare) { expect_near(run("RMSNormalization", {f32({2}, {3, 3}), f32({2}, {1, 2})}, {{"epsilon", 0.0f}}), {1, 2}); }

TEST(MeanVarianceNormalization, StandardisesOverItsAxes) { expect_near(run("MeanVarianceNormalization", {f32({2, 1, 1, 2}, {1, 1, 3, 3})}), {-1, -1, 1, 1}); }

TEST(LpNormalization, DividesByTheNorm) {
  EXPECT_EQ(values<float>(run("LpNormalization", {f32({2, 2}, {3, 4, 0, 0})})), (Floats{0.6f, 0.8f, 0, 0}));
  EXPECT_EQ(values<float>(run("LpNormalization", {f32({2}, {-1, 3})}, {{"p", std::int64_t{1}}})), (Floats{-0.25f, 0.75f}));
}

}  // namespace
}  // namespace inferc::test
