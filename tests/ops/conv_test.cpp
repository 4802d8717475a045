#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "tests/ops/run_node.hpp"

namespace inferc::test {
namespace {

using Floats = std::vector<float>;

Floats ramp(std::size_t n, float first = 1) {
  Floats v(n);
  std::iota(v.begin(), v.end(), first);
  return v;
}

TEST(Conv, SlidesInOneDimension) {
  const Tensor x = f32({1, 1, 5}, ramp(5)), w = f32({1, 1, 2}, {1, 10});
  EXPECT_EQ(values<float>(run("Conv", {x, w})), (Floats{21, 32, 43, 54}));
  EXPECT_EQ(values<float>(run("Conv", {x, w, f32({1}, {100})}, {{"strides", Integers{2}}, {"pads", Integers{1, 0}}})), (Floats{110, 132, 154}));
  EXPECT_EQ(values<float>(run("Conv", {x, w}, {{"dilations", Integers{3}}})), (Floats{41, 52}));
}

TEST(Conv, PadsAutomatically) {
  const Tensor x = f32({1, 1, 3}, ramp(3)), w = f32({1, 1, 2}, {1, 10});
  EXPECT_EQ(values<float>(run("Conv", {x, w}, {{"auto_pad", std::string("SAME_UPPER")}})), (Floats{21, 32, 3}));
  EXPECT_EQ(values<float>(run("Conv", {x, w}, {{"auto_pad", std::string("SAME_LOWER")}})), (Floats{10, 21, 32}));
  EXPECT_EQ(values<float>(run("Conv", {x, w}, {{"auto_pad", std::string("VALID")}})), (Floats{21, 32}));
}

TEST(Conv, KeepsGroupsApart) {
  const Tensor x = f64({1, 4, 1}, {1, 2, 3, 4}), w = f64({4, 2, 1}, {1, 0, 0, 1, 1, 1, 2, 0});
  EXPECT_EQ(values<double>(run("Conv", {x, w}, {{"group", std::int64_t{2}}})), (std::vector<double>{1, 2, 7, 6}));
}

TEST(Conv, SumsTapsThenChannelsInBlocks) {
  Floats x(3 * 9), w(3 * 9);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = std::sin(static_cast<float>(i)) * (i % 5 == 0 ? 1e6f : 1.0f);
    w[i] = std::cos(static_cast<float>(i));
  }
  float total = 0, part = 0;
  std::size_t terms = 0;
  for (std::size_t k = 0; k < 9; ++k)
    for (std::size_t c = 0; c < 3; ++c) {
      part = std::fma(x[c * 9 + k], w[c * 9 + k], part);
      if (++terms != 16) continue;
      total = part;
      part = 0;
    }
  EXPECT_EQ(run("Conv", {f32({1, 3, 3, 3}, x), f32({1, 3, 3, 3}, w)}).as<float>()[0], total + part);
}

TEST(Conv, TakesEmptyBatches) { EXPECT_EQ(run("Conv", {f32({0, 1, 4}, {}), f32({2, 1, 3}, ramp(6))}).shape(), (Integers{0, 2, 2})); }

TEST(Conv, RefusesWhatDoesNotFit) {
  const Tensor x = f32({1, 1, 2}, {1, 2});
  EXPECT_NE(error("Conv", {x, f32({1, 1, 4}, ramp(4))}).find("does not fit"), std::string::npos);
  EXPECT_NE(error("Conv", {x, f32({1, 2, 1}, {1, 2})}).find("sizes 1 and 2 differ"), std::string::npos);
  EXPECT_NE(error("Conv", {x, f32({1, 1, 1}, {1})}, {{"strides", Integers{0}}}).find("'strides' has element 0"), std::string::npos);
  EXPECT_NE(error("Conv", {x, f32({3, 1, 1}, {1, 2, 3})}, {{"group", std::int64_t{2}}}).find("2 groups"), std::string::npos);
  EXPECT_NE(error("Conv", {x, f32({1, 1, 1}, {1})}, {{"pads", Integers{1}}}).find("'pads' has 1 elements, 2"), std::string::npos);
}

TEST(ConvTranspose, ScattersItsInput) {
  const Tensor x = f32({1, 1, 2}, {1, 2}), w = f32({1, 1, 3}, {1, 10, 100});
  EXPECT_EQ(values<float>(run("ConvTranspose", {x, w})), (Floats{1, 12, 120, 200}));
  EXPECT_EQ(values<float>(run("ConvTranspose", {x, w}, {{"strides", Integers{2}}, {"output_padding", Integers{1}}})), (Floats{1, 10, 102, 20, 200, 0}));
  EXPECT_EQ(values<float>(run("ConvTranspose", {x, w}, {{"pads", Integers{1, 0}}})), (Floats{12, 120, 200}));
  EXPECT_EQ(values<float>(run("ConvTranspose", {x, w}, {{"output_shape", Integers{3}}})), (Floats{12, 120, 200}));
}

TEST(MaxPool, GivesTheFirstLargestAndItsIndex) {
  const auto y = run_all("MaxPool", {f32({1, 2, 3}, {1, 2, 2, 5, 4, 4})}, {{"kernel_shape", Integers{2}}}, 2);
  EXPECT_EQ(values<float>(y[0]), (Floats{2, 2, 5, 4}));
  EXPECT_EQ(values<std::int64_t>(y[1]), (Integers{1, 1, 3, 4}));
  const auto column = run_all("MaxPool", {f32({1, 1, 2, 3}, ramp(6))}, {{"kernel_shape", Integers{2, 2}}, {"storage_order", std::int64_t{1}}}, 2);
  EXPECT_EQ(values<std::int64_t>(column[1]), (Integers{3, 5}));
  EXPECT_TRUE(std::isnan(run("MaxPool", {f32({1, 1, 2}, {NAN, 1})}, {{"kernel_shape", Integers{2}}}).as<float>()[0]));
}

TEST(MaxPool, RoundsUpInCeilMode) {
  const Attributes ceil{{"kernel_shape", Integers{2}}, {"strides", Integers{2}}, {"ceil_mode", std::int64_t{1}}};
  EXPECT_EQ(values<float>(run("MaxPool", {f32({1, 1, 5}, ramp(5))}, ceil)), (Floats{2, 4, 5}));
  EXPECT_EQ(values<float>(run("AveragePool", {f32({1, 1, 5}, ramp(5))}, ceil)), (Floats{1.5f, 3.5f, 5}));
}

TEST(AveragePool, CountsPaddingIfAsked) {
  const Tensor x = f32({1, 1, 2}, {2, 4});
  Attributes a{{"kernel_shape", Integers{2}}, {"pads", Integers{1, 1}}};
  EXPECT_EQ(values<float>(run("AveragePool", {x}, a)), (Floats{2, 3, 4}));
  a["count_include_pad"] = std::int64_t{1};
  EXPECT_EQ(values<float>(run("AveragePool", {x}, a)), (Floats{1, 3, 2}));
}

TEST(LpPool, TakesTheNormOfEachWindow) {
  EXPECT_EQ(values<float>(run("LpPool", {f32({1, 1, 3}, {3, -4, 0})}, {{"kernel_shape", Integers{2}}})), (Floats{5, 4}));
  EXPECT_EQ(values<float>(run("LpPool", {f32({1, 1, 2}, {3, -4})}, {{"kernel_shape", Integers{2}}, {"p", std::int64_t{1}}})), Floats{7});
  EXPECT_NE(error("LpPool", {f32({1, 1, 2}, {3, -4})}, {{"kernel_shape", Integers{2, 2}}}).find("kernel_shape"), std::string::npos);
}

TEST(LRN, DividesBySquaresOfNeighbours) {
  const Tensor y = run("LRN", {f32({1, 3, 1}, {1, 2, 3})}, {{"size", std::int64_t{3}}, {"alpha", 3.0f}, {"beta", 0.5f}});
  EXPECT_NEAR(y.as<float>()[0], 1 / std::sqrt(6.0), 1e-6);
  EXPECT_NEAR(y.as<float>()[1], 2 / std::sqrt(15.0), 1e-6);
}

TEST(Hardmax, MarksTheFirstLargest) { EXPECT_EQ(values<float>(run("Hardmax", {f32({2, 3}, {1, 3, 3, 0, -1, -2})})), (Floats{0, 1, 0, 1, 0, 0})); }

}  // namespace
}  // namespace inferc::test
