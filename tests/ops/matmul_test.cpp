#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "tests/ops/run_node.hpp"

namespace inferc::test {
namespace {

using ::testing::Test;
using Floats = std::vector<float>;

TEST(MatMul, FollowsNumpysRuleForVectors) {
  EXPECT_EQ(values<float>(run("MatMul", {f32({3}, {1, 2, 3}), f32({3}, {4, 5, 6})})), Floats{32});
  EXPECT_TRUE(run("MatMul", {f32({3}, {1, 2, 3}), f32({3}, {4, 5, 6})}).shape().empty());
  const Tensor row = run("MatMul", {f32({2}, {1, 2}), f32({2, 3}, {1, 2, 3, 4, 5, 6})});
  EXPECT_EQ(row.shape(), Integers{3});
  EXPECT_EQ(values<float>(row), (Floats{9, 12, 15}));
  const Tensor column = run("MatMul", {f32({2, 3}, {1, 2, 3, 4, 5, 6}), f32({3}, {1, 0, 2})});
  EXPECT_EQ(column.shape(), Integers{2});
  EXPECT_EQ(values<float>(column), (Floats{7, 16}));
}

TEST(MatMul, BroadcastsBatches) {
  const Tensor y = run("MatMul", {f64({2, 1, 1, 2}, {1, 2, 3, 4}), f64({3, 2, 1}, {1, 0, 0, 1, 1, 1})});
  EXPECT_EQ(y.shape(), (Integers{2, 3, 1, 1}));
  EXPECT_EQ(values<double>(y), (std::vector<double>{1, 2, 3, 3, 4, 7}));
}

TEST(MatMul, SumsInBlocksOfTheContract) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> draw(-1, 1);
  for (const std::int64_t n : {3, 64})
    for (const std::int64_t k : {0, 1, 16, 17, 257, 600}) {
      Floats a(static_cast<std::size_t>(k)), b(static_cast<std::size_t>(k * n));
      for (float& x : a) x = draw(random) * (random() % 8 == 0 ? 1e6f : 1.0f);
      for (float& x : b) x = draw(random);
      const Tensor y = run("MatMul", {f32({1, k}, a), f32({k, n}, b)});
      float total = 0;
      const std::int64_t terms = n < 64 ? 16 : 64;
      for (std::int64_t at = 0; at < k; at += terms) {
        float block = 0;
        for (std::int64_t p = at; p < std::min(k, at + terms); ++p)
          block = std::fma(a[static_cast<std::size_t>(p)], b[static_cast<std::size_t>(p * n + 2)], block);
        total = at == 0 ? block : total + block;
      }
      EXPECT_EQ(y.as<float>()[2], total) << k << ' ' << n;
    }
}

TEST(MatMul, WrapsIntegers) {
  EXPECT_EQ(values<std::int32_t>(run("MatMul", {i32({1, 2}, {2147483647, 1}), i32({2, 1}, {2, 3})})), std::vector<std::int32_t>{1});
}

TEST(MatMul, RefusesWrongShapes) {
  EXPECT_NE(error("MatMul", {f32({1, 2}, {1, 2}), f32({3, 1}, {1, 2, 3})}).find("sizes 2 and 3 differ"), std::string::npos);
  EXPECT_NE(error("MatMul", {f32({}, {1}), f32({1, 1}, {1})}).find("scalar"), std::string::npos);
  EXPECT_NE(error("MatMul", {f32({1}, {1}), f64({1}, {1})}).find("float64"), std::string::npos);
}

TEST(Gemm, AppliesTransposesAlphaBetaAndC) {
  const Tensor a = f32({2, 2}, {1, 2, 3, 4}), b = f32({2, 3}, {1, 2, 3, 4, 5, 6});
  const Attributes scale{{"alpha", 2.0f}, {"beta", 0.5f}};
  EXPECT_EQ(values<float>(run("Gemm", {a, b})), (Floats{9, 12, 15, 19, 26, 33}));
  EXPECT_EQ(values<float>(run("Gemm", {a, b, f32({3}, {2, 4, 6})}, scale)), (Floats{19, 26, 33, 39, 54, 69}));
  EXPECT_EQ(values<float>(run("Gemm", {a, b, f32({2, 1}, {2, 4})}, scale)), (Floats{19, 25, 31, 40, 54, 68}));
  EXPECT_EQ(values<float>(run("Gemm", {a, b, f32({}, {2})}, scale)), (Floats{19, 25, 31, 39, 53, 67}));
  EXPECT_EQ(values<float>(run("Gemm", {a, b}, {{"transA", std::int64_t{1}}})), (Floats{13, 17, 21, 18, 24, 30}));
  EXPECT_EQ(values<float>(run("Gemm", {a, f32({3, 2}, {1, 4, 2, 5, 3, 6})}, {{"transB", std::int64_t{1}}})), (Floats{9, 12, 15, 19, 26, 33}));
}

TEST(Gemm, TakesEmptyProducts) {
  EXPECT_EQ(values<float>(run("Gemm", {f32({1, 0}, {}), f32({0, 2}, {}), f32({2}, {1, 2})})), (Floats{1, 2}));
  EXPECT_EQ(run("Gemm", {f32({0, 2}, {}), f32({2, 2}, {1, 2, 3, 4})}).shape(), (Integers{0, 2}));
}

TEST(Gemm, RefusesACThatDoesNotBroadcast) {
  const Tensor a = f32({1, 1}, {1});
  EXPECT_NE(error("Gemm", {a, a, f32({2}, {1, 2})}).find("sizes 2 and 1 differ"), std::string::npos);
  EXPECT_NE(error("Gemm", {f32({1}, {1}), a}).find("ranks 1 and 2"), std::string::npos);
}

}  // namespace
}  // namespace inferc::test
