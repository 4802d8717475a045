#include <cmath>
#include <limits>
#include <numeric>

#include <gtest/gtest.h>

#include "tests/ops/run_node.hpp"

namespace inferc::test {
namespace {

using Floats = std::vector<float>;
constexpr float inf = std::numeric_limits<float>::infinity();
const Attributes drop{{"keepdims", std::int64_t{0}}};

float scalar(const std::string& op, const Floats& x) { return run(op, {f32({static_cast<std::int64_t>(x.size())}, x)}, drop).as<float>()[0]; }

TEST(Reduce, TakesEachOperatorsDefinition) {
  const Floats x{3, -4, 0.5f};
  EXPECT_EQ(scalar("ReduceSum", x), -0.5f);
  EXPECT_EQ(scalar("ReduceMean", {1, 2, 6}), 3);
  EXPECT_EQ(scalar("ReduceMax", x), 3);
  EXPECT_EQ(scalar("ReduceMin", x), -4);
  EXPECT_EQ(scalar("ReduceProd", x), -6);
  EXPECT_EQ(scalar("ReduceL1", x), 7.5f);
  EXPECT_EQ(scalar("ReduceL2", {3, -4}), 5);
  EXPECT_EQ(scalar("ReduceSumSquare", x), 25.25f);
  EXPECT_NEAR(scalar("ReduceLogSum", {1, 2, 4}), std::log(7.0), 1e-6);
  EXPECT_NEAR(scalar("ReduceLogSumExp", {1000, 1001}), 1001 + std::log1p(std::exp(-1.0)), 1e-4);
}

TEST(Reduce, OfNothingIsNeutral) {
  EXPECT_EQ(scalar("ReduceSum", {}), 0);
  EXPECT_EQ(scalar("ReduceProd", {}), 1);
  EXPECT_EQ(scalar("ReduceMax", {}), -inf);
  EXPECT_EQ(scalar("ReduceMin", {}), inf);
  EXPECT_EQ(scalar("ReduceLogSumExp", {}), -inf);
  EXPECT_TRUE(std::isnan(scalar("ReduceMean", {})));
  EXPECT_EQ(run("ReduceMax", {i32({0}, {})}, drop).as<std::int32_t>()[0], std::numeric_limits<std::int32_t>::lowest());
}

TEST(Reduce, PropagatesNaN) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(scalar("ReduceMax", {1, nan, 2})));
  EXPECT_TRUE(std::isnan(scalar("ReduceMin", {nan, 1})));
  EXPECT_EQ(scalar("ReduceLogSumExp", {inf, 1}), inf);
  EXPECT_EQ(scalar("ReduceLogSumExp", {-inf, -inf}), -inf);
}

TEST(Reduce, TakesAxesKeepdimsAndNoop) {
  const Tensor x = i64({2, 1, 3}, {1, 2, 3, 4, 5, 6});
  const Tensor kept = run("ReduceSum", {x, i64({1}, {-1})});
  EXPECT_EQ(kept.shape(), (Integers{2, 1, 1}));
  EXPECT_EQ(values<std::int64_t>(kept), (Integers{6, 15}));
  const Tensor dropped = run("ReduceSum", {x, i64({2}, {0, 1})}, drop);
  EXPECT_EQ(dropped.shape(), Integers{3});
  EXPECT_EQ(values<std::int64_t>(dropped), (Integers{5, 7, 9}));
  EXPECT_EQ(run("ReduceSum", {x}).shape(), (Integers{1, 1, 1}));
  const Attributes noop{{"noop_with_empty_axes", std::int64_t{1}}};
  EXPECT_EQ(values<std::int64_t>(run("ReduceSumSquare", {x, i64({0}, {})}, noop)), (Integers{1, 4, 9, 16, 25, 36}));
  EXPECT_NE(error("ReduceSum", {x, i64({1}, {3})}).find("axis 3 is out of range for rank 3"), std::string::npos);
}

TEST(Reduce, SumsInLanesAndBlocks) {
  Floats x(5000);
  for (std::size_t j = 0; j < x.size(); ++j) x[j] = (j % 7 == 0 ? 1e5f : 1.0f) * std::sin(static_cast<float>(j));
  Floats totals;
  for (std::size_t at = 0; at < x.size(); at += 1024) {
    float lane[16] = {};
    for (std::size_t j = at; j < std::min(x.size(), at + 1024); ++j) lane[j % 16] += x[j];
    for (std::size_t w = 8; w > 0; w /= 2)
      for (std::size_t i = 0; i < w; ++i) lane[i] += lane[i + w];
    totals.push_back(lane[0]);
  }
  ASSERT_EQ(totals.size(), 5u);
  EXPECT_EQ(scalar("ReduceSum", x), ((totals[0] + totals[1]) + (totals[2] + totals[3])) + totals[4]);
}

TEST(Softmax, IsNormalisedAlongItsAxis) {
  const Tensor y = run("Softmax", {f32({2, 2}, {0, 1, 0, 1})}, {{"axis", std::int64_t{0}}});
  EXPECT_EQ(values<float>(y), (Floats{0.5f, 0.5f, 0.5f, 0.5f}));
  const Floats e = values<float>(run("Softmax", {f32({3}, {1, 2, 3})}));
  EXPECT_NEAR(e[2], 0.66524095838, 1e-7);
  EXPECT_EQ(values<float>(run("Softmax", {f32({2}, {1e38f, 1e38f})})), (Floats{0.5f, 0.5f}));
  EXPECT_TRUE(std::isnan(run("Softmax", {f32({2}, {-inf, -inf})}).as<float>()[0]));
  EXPECT_EQ(run("Softmax", {f32({2, 0}, {})}).shape(), (Integers{2, 0}));
}

TEST(Softmax, FlattensBeforeOpset13) {
  const Attributes flat{{"flatten", std::int64_t{1}}, {"axis", std::int64_t{1}}};
  EXPECT_EQ(values<float>(run("Softmax", {f32({1, 2, 2}, {0, 0, 0, 0})}, flat)), (Floats{0.25f, 0.25f, 0.25f, 0.25f}));
  EXPECT_NEAR(run("LogSoftmax", {f64({1, 2, 2}, {0, 0, 0, 0})}, flat).as<double>()[3], -std::log(4.0), 1e-14);
}

TEST(Softmax, RefusesAnAxisOutOfRange) {
  EXPECT_NE(error("Softmax", {f32({2}, {1, 2})}, {{"axis", std::int64_t{1}}}).find("axis 1 is out of range for rank 1"), std::string::npos);
}

}  // namespace
}  // namespace inferc::test
