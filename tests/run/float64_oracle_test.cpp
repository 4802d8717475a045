#include "compiler/run/float64_oracle.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/graphs.hpp"

namespace inferc {
namespace {

Tensor row(std::vector<float> v) { return tensor_of<float>({1, static_cast<std::int64_t>(v.size())}, v); }
Tensor indices(std::vector<std::int64_t> v) { return tensor_of<std::int64_t>({1, static_cast<std::int64_t>(v.size())}, v); }

std::unique_ptr<Graph> top_two() {
  return test::typed_graph(R"(graph "g" {
      %x: f32[1, 4] = input
      %k: i64[1] = constant i64[1] {2}
      %v "v", %i "i" = TopK(%x, %k)
      %y = Exp(%v)
      return %y, %i
    })");
}

Choices taken(const Graph& g, std::vector<std::int64_t> v) { return {{g.outputs()[1]->name, indices(std::move(v))}}; }

TEST(Float64Oracle, ComputesInFloat64) {
  const auto g = test::typed_graph(R"(graph "g" {
      %x: f32[2] = input
      %y = Exp(%x)
      return %y
    })");
  const ExactRun run = Float64Oracle(*g).run({tensor_of<float>({2}, std::vector<float>{0.1F, -3})}, {});
  ASSERT_EQ(run.outputs[0].dtype(), DType::float64);
  EXPECT_NEAR(run.outputs[0].as<double>()[0], std::exp(static_cast<double>(0.1F)), 1e-15);
  EXPECT_TRUE(run.choices.empty());
}

TEST(Float64Oracle, CastsToFloat64WhereTheGraphCastsToFloat32) {
  const auto g = test::typed_graph(R"(graph "g" {
      %x: i64[1] = input
      %f = Cast(%x) {"to" = 1}
      %y = Reciprocal(%f)
      return %y
    })");
  const ExactRun run = Float64Oracle(*g).run({tensor_of<std::int64_t>({1}, std::vector<std::int64_t>{3})}, {});
  EXPECT_EQ(run.outputs[0].as<double>()[0], 1.0 / 3);
}

// 1 + 2^-11 is rounded to 1 in float16 alone.
// Operators without float64 keep float32, between Casts; what is around them is float64.
TEST(Float64Oracle, RunsQuantisersInFloat32) {
  const auto g = test::typed_graph(R"(graph "g" {
      %x: f32[1, 2] = input
      %s: f32[] = constant f32[] {0.1}
      %z: i8[] = constant i8[] {3}
      %e = Exp(%x)
      %q = QuantizeLinear(%e, %s, %z)
      %d = DequantizeLinear(%q, %s, %z)
      %y = Mul(%d, %d)
      return %d, %y
    })");
  const ExactRun run = Float64Oracle(*g).run({row({0, 0.5F})}, {});
  ASSERT_EQ(run.outputs[0].dtype(), DType::float64);
  EXPECT_EQ(run.outputs[0].as<double>()[1], static_cast<double>(16 * 0.1F));  // exp(0.5) = 1.6487
  EXPECT_EQ(run.outputs[1].as<double>()[1], run.outputs[0].as<double>()[1] * run.outputs[0].as<double>()[1]);
}

TEST(Float64Oracle, ComputesWithHalvesInFloat64) {
  const auto g = test::typed_graph(R"(graph "g" {
      %x: f16[1] = input
      %c: f16[1] = constant f16[1] {4096}
      %y = Add(%x, %c)
      return %y
    })");
  Tensor one(DType::float16, {1});
  one.as<std::uint16_t>()[0] = 0x3c00;
  EXPECT_EQ(Float64Oracle(*g).run({one}, {}).outputs[0].as<double>()[0], 1 + 0x1p-11);
}

TEST(Float64Oracle, NamesTheChoicesOfARun) {
  const auto g = top_two();
  const Choices chosen = choices_of(*g, {row({1, 4, 2, 3})}, {});
  ASSERT_EQ(chosen.size(), 1u);
  EXPECT_TRUE(chosen.begin()->second.same(indices({1, 3})));
}

TEST(Float64Oracle, FollowsATieBrokenOtherwiseAndReportsIt) {
  const auto g = top_two();
  const float near = std::nextafterf(3.0F, 4);
  const ExactRun run = Float64Oracle(*g).run({row({1, 4, near, 3})}, {}, taken(*g, {1, 3}));
  ASSERT_EQ(run.choices.size(), 1u);
  EXPECT_EQ(run.choices[0].count, 1u);
  EXPECT_TRUE(run.choices[0].is_tie());
  EXPECT_GT(run.choices[0].gap, 0);
  EXPECT_DOUBLE_EQ(run.outputs[0].as<double>()[1], std::exp(3.0));
  EXPECT_TRUE(run.outputs[1].same(indices({1, 3})));
}

TEST(Float64Oracle, AWrongChoiceIsNoTie) {
  const auto g = top_two();
  const ExactRun run = Float64Oracle(*g).run({row({1, 4, 2, 3})}, {}, taken(*g, {1, 2}));
  ASSERT_EQ(run.choices.size(), 1u);
  EXPECT_FALSE(run.choices[0].is_tie());
}

// 1 / 3 * 7.5 is 2.5 in real numbers, where float32 may find another integer.
std::unique_ptr<Graph> rounding() {
  return test::typed_graph(R"(graph "g" {
      %x: f32[1, 2] = input
      %c: f32[] = constant f32[] {7.5}
      %1 = Mul(%x, %c)
      %2 "r" = Round(%1)
      %y = Exp(%2)
      return %y
    })");
}

TEST(Float64Oracle, NamesTheRoundingsOfARun) {
  const Choices chosen = choices_of(*rounding(), {row({1, 0.1F})}, {});
  ASSERT_EQ(chosen.size(), 1u);
  EXPECT_TRUE(chosen.at("r").same(row({8, 1})));
}

TEST(Float64Oracle, FollowsARoundingAtATieAndReportsIt) {
  const float third = 1.0F / 3;  // above 1 / 3: 2.5 and a bit
  const ExactRun run = Float64Oracle(*rounding()).run({row({third, 1})}, {}, {{"r", row({2, 8})}});
  ASSERT_EQ(run.choices.size(), 1u);
  EXPECT_EQ(run.choices[0].count, 1u);
  EXPECT_TRUE(run.choices[0].is_tie());
  EXPECT_GT(run.choices[0].gap, 0);
  EXPECT_DOUBLE_EQ(run.outputs[0].as<double>()[0], std::exp(2.0));
}

TEST(Float64Oracle, AWrongRoundingIsNoTie) {
  const ExactRun run = Float64Oracle(*rounding()).run({row({0.32F, 1})}, {}, {{"r", row({3, 8})}});
  ASSERT_EQ(run.choices.size(), 1u);
  EXPECT_FALSE(run.choices[0].is_tie());
}

TEST(Float64Oracle, LeavesRoundingsAloneThatTwoNodesCallTheSame) {
  const auto g = test::typed_graph(R"(graph "g" {
      %x: f32[1, 2] = input
      %1 = Round(%x) name "q"
      %2 = Neg(%1)
      %y = Round(%2) name "q"
      return %y
    })");
  EXPECT_TRUE(choices_of(*g, {row({1, 2})}, {}).empty());
  EXPECT_TRUE(Float64Oracle(*g).run({row({1, 2})}, {}, {{"q/Round", row({5, 6})}}).choices.empty()) << "a pass took one of them away";
}

TEST(Float64Oracle, FindsTheNodeAtADiscontinuity) {
  const auto g = test::typed_graph(R"(graph "g" {
      %x: f32[1] = input
      %ten: f32[1] = constant f32[1] {10}
      %one: f32[1] = constant f32[1] {1}
      %e = Mul(%x, %ten)
      %y = Greater(%e, %one)
      return %y
    })");
  const Float64Oracle oracle(*g);
  EXPECT_EQ(oracle.unstable_nodes({tensor_of<float>({1}, std::vector<float>{0.1F})}, {}).size(), 1u);
  EXPECT_TRUE(oracle.unstable_nodes({tensor_of<float>({1}, std::vector<float>{2})}, {}).empty());
}

}  // namespace
}  // namespace inferc
