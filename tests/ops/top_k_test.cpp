#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "tests/ops/run_node.hpp"

namespace inferc::test {
namespace {

using Floats = std::vector<float>;

TEST(TopK, BreaksTiesByTheLowerIndex) {
  const auto y = run_all("TopK", {f32({5}, {1, 3, 3, 0, 3}), i64({1}, {4})}, {}, 2);
  EXPECT_EQ(values<float>(y[0]), (Floats{3, 3, 3, 1}));
  EXPECT_EQ(values<std::int64_t>(y[1]), (Integers{1, 2, 4, 0}));
  const auto low = run_all("TopK", {i32({4}, {2, 1, 1, 5}), i64({1}, {3})}, {{"largest", std::int64_t{0}}}, 2);
  EXPECT_EQ(values<std::int64_t>(low[1]), (Integers{1, 2, 0}));
}

TEST(TopK, CountsNaNAsTheLargest) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto y = run_all("TopK", {f32({3}, {1, nan, std::numeric_limits<float>::infinity()}), i64({1}, {3})}, {}, 2);
  EXPECT_EQ(values<std::int64_t>(y[1]), (Integers{1, 2, 0}));
  EXPECT_TRUE(std::isnan(y[0].as<float>()[0]));
}

TEST(TopK, TakesAnyAxisAndZero) {
  const auto y = run_all("TopK", {f32({2, 2}, {1, 4, 3, 2}), i64({1}, {1})}, {{"axis", std::int64_t{0}}}, 2);
  EXPECT_EQ(values<float>(y[0]), (Floats{3, 4}));
  EXPECT_EQ(run_all("TopK", {f32({2, 0}, {}), i64({1}, {0})}, {}, 2)[1].shape(), (Integers{2, 0}));
}

TEST(TopK, RefusesMoreThanThereIs) {
  EXPECT_NE(error("TopK", {f32({2}, {1, 2}), i64({1}, {3})}, {}, 2).find("k=3 exceeds axis 0 of size 2"), std::string::npos);
  EXPECT_NE(error("TopK", {f32({2}, {1, 2}), i64({1}, {-1})}, {}, 2).find("must not be negative"), std::string::npos);
}

TEST(ArgMax, SelectsTheFirstOrTheLast) {
  const Tensor x = f32({2, 3}, {1, 3, 3, 2, 2, 0});
  EXPECT_EQ(values<std::int64_t>(run("ArgMax", {x}, {{"axis", std::int64_t{1}}})), (Integers{1, 0}));
  EXPECT_EQ(values<std::int64_t>(run("ArgMax", {x}, {{"axis", std::int64_t{1}}, {"select_last_index", std::int64_t{1}}})), (Integers{2, 1}));
  const Tensor y = run("ArgMin", {x}, {{"keepdims", std::int64_t{0}}});
  EXPECT_EQ(y.shape(), Integers{3});
  EXPECT_EQ(values<std::int64_t>(y), (Integers{0, 1, 1}));
}

TEST(ArgMax, CountsNaNAsTheLargest) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(values<std::int64_t>(run("ArgMax", {f32({4}, {1, nan, 5, nan})})), Integers{1});
  EXPECT_EQ(values<std::int64_t>(run("ArgMin", {f32({3}, {nan, 2, 1})})), Integers{2});
}

TEST(ArgMax, RefusesAnEmptyAxis) { EXPECT_NE(error("ArgMax", {f32({0}, {})}).find("empty"), std::string::npos); }

TEST(GlobalPool, ReducesAllAfterTheChannels) {
  const Tensor x = f32({1, 2, 2, 1}, {1, 3, 4, 8});
  EXPECT_EQ(values<float>(run("GlobalAveragePool", {x})), (Floats{2, 6}));
  const Tensor y = run("GlobalMaxPool", {x});
  EXPECT_EQ(y.shape(), (Integers{1, 2, 1, 1}));
  EXPECT_EQ(values<float>(y), (Floats{3, 8}));
}

}  // namespace
}  // namespace inferc::test
