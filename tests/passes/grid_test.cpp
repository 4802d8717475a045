#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/passes/grid.hpp"
#include "compiler/passes/passes.hpp"
#include "tests/support/graphs.hpp"

namespace inferc::grid {
namespace {

// "-" where there is no fact.
std::string fact(std::string_view text) {
  const auto graph = test::typed_graph(text);
  fold_constants(*graph);
  const Facts facts(*graph);
  const Grid* g = facts.of(graph->outputs()[0]);
  return g ? grid::text(*g) : "-";
}

// bytes is on 2^-3, x is that and 2 more; u is on no grid.
std::string graph(const std::string& body) {
  return R"(graph "g" {
      symbol n: 1..40
      %q: i8[n, 4] = input
      %u: f32[n, 4] = input
      %s: f32[] = constant f32[] {0.125}
      %zero: i8[] = constant i8[] {-16}
      %bytes = DequantizeLinear(%q, %s)
      %x = DequantizeLinear(%q, %s, %zero)
      %half: f32[] = constant f32[] {0.5}
      %three: f32[] = constant f32[] {3}
      %tenth: f32[] = constant f32[] {0.1}
      %two: f32[] = constant f32[] {2}
      %low: f32[] = constant f32[] {-1}
      %high: f32[] = constant f32[] {1.5}
      )" +
         body + "\n return %y\n }";
}

TEST(Grid, TakesTheZeroPointOffTheIntegers) {
  EXPECT_EQ(fact(graph("%y = DequantizeLinear(%q, %s)")), "2^-3 [-128, 127]");
  EXPECT_EQ(fact(graph("%y = DequantizeLinear(%q, %s, %zero)")), "2^-3 [-112, 143]");
}

TEST(Grid, HasNoFactOfOtherScalesAndOfRealNumbers) {
  EXPECT_EQ(fact(graph("%y = DequantizeLinear(%q, %tenth)")), "-");
  EXPECT_EQ(fact(graph("%y = Relu(%u)")), "-");
  EXPECT_EQ(fact(graph("%y = Sigmoid(%x)")), "-");
}

TEST(Grid, GoesThroughElementwiseOperators) {
  EXPECT_EQ(fact(graph("%y = Relu(%x)")), "2^-3 [0, 143]");
  EXPECT_EQ(fact(graph("%y = Neg(%x)")), "2^-3 [-143, 112]");
  EXPECT_EQ(fact(graph("%y = Abs(%x)")), "2^-3 [0, 143]");
  EXPECT_EQ(fact(graph("%y = Clip(%x, %low, %high)")), "2^-3 [-8, 12]");
  EXPECT_EQ(fact(graph("%y = Add(%x, %half)")), "2^-3 [-108, 147]");
  EXPECT_EQ(fact(graph("%y = Sub(%half, %x)")), "2^-3 [-139, 116]");
  EXPECT_EQ(fact(graph("%y = Mul(%x, %three)")), "2^-3 [-336, 429]");
  EXPECT_EQ(fact(graph("%y = Mul(%x, %bytes)")), "2^-6 [-18304, 18161]");
  EXPECT_EQ(fact(graph("%y = Div(%x, %two)")), "2^-4 [-112, 143]");
  EXPECT_EQ(fact(graph("%y = Div(%x, %three)")), "-");
  EXPECT_EQ(fact(graph("%y = Add(%x, %u)")), "-");
  EXPECT_EQ(fact(graph("%y = Mul(%x, %tenth)")), "-");
}

TEST(Grid, TakesSlopesThatAreOnAGrid) {
  EXPECT_EQ(fact(graph(R"(%y = LeakyRelu(%x) {"alpha" = 0.1015625})")), "2^-10 [-1456, 18304]");
  EXPECT_EQ(fact(graph(R"(%y = LeakyRelu(%x) {"alpha" = -0.5})")), "2^-4 [0, 286]");
  EXPECT_EQ(fact(graph(R"(%y = LeakyRelu(%x))")), "-");
}

// Whoever wrote it: floor(x * 2^f) between integers, times 2^-f.
TEST(Grid, FindsAQuantiserThatIsWrittenOut) {
  EXPECT_EQ(fact(graph("%1 = Mul(%u, %two)\n %2 = Floor(%1)\n %3 = Clip(%2, %low, %three)\n %y = Div(%3, %two)")), "2^-1 [-1, 3]");
  EXPECT_EQ(fact(graph("%1 = Mul(%u, %two)\n %2 = Add(%1, %half)\n %3 = Floor(%2)\n %4 = Min(%3, %three)\n %5 = Max(%low, %4)\n %y = Mul(%half, %5)")),
            "2^-1 [-1, 3]");
  EXPECT_EQ(fact(graph("%1 = Floor(%u)\n %y = Relu(%1)")), "-") << "there is no upper bound";
  EXPECT_EQ(fact(graph("%1 = Floor(%u)\n %y = Clip(%1, %low, %tenth)")), "-") << "a bound is off the grid";
  EXPECT_EQ(fact(graph("%1 = Clip(%u, %low, %tenth)\n %y = Ceil(%1)")), "2^0 [-1, 1]");
  EXPECT_EQ(fact(graph("%1 = Clip(%u, %low)\n %y = Ceil(%1)")), "-") << "one bound";
}

TEST(Grid, RoundsWhatIsOnAFinerGrid) {
  EXPECT_EQ(fact(graph("%y = Floor(%x)")), "2^0 [-14, 17]");
  EXPECT_EQ(fact(graph("%y = Ceil(%x)")), "2^0 [-14, 18]");
  EXPECT_EQ(fact(graph("%y = Round(%x)")), "2^0 [-14, 18]");
}

TEST(Grid, BoundsAProductByItsWeights) {
  const std::string w = "%w: f32[4, 3] = constant f32[4, 3] {1, 0, 0.5, -2, 0, 0, 0, 0, 0.25, 0, 0, 0}\n";
  // Columns: x0 - 2 x1; 0; x0 / 2 + x2 / 4. Relu first, so that bounds are 0 to 143 of 2^-3.
  EXPECT_EQ(fact(graph(w + "%r = Relu(%x)\n %y = MatMul(%r, %w)")), "2^-3..2^-5 [-286, 429] along 1");
  EXPECT_EQ(fact(graph(w + "%b: f32[3] = constant f32[3] {0.0625, 0, 0}\n %r = Relu(%x)\n %y = Gemm(%r, %w, %b)")), "2^-3..2^-5 [-572, 429] along 1");
  EXPECT_EQ(fact(graph(w + "%y = MatMul(%u, %w)")), "-");
  EXPECT_EQ(fact(graph("%w: f32[4, 1] = constant f32[4, 1] {0.1, 0.2, 0.3, 0.4}\n %y = MatMul(%x, %w)")), "-") << "the weights are on no grid";
}

TEST(Grid, BoundsEveryPartialSum) {
  const std::string w = "%w: f32[4, 1] = constant f32[4, 1] {1, -1, 1, -1}\n %lift = Clip(%x, %two, %three)\n";
  EXPECT_EQ(fact(graph(w + "%y = MatMul(%lift, %w)")), "2^-3 [-48, 48] along 1") << "the sum is within 16 of 0, on the way it may be at 48";
}

TEST(Grid, SaysWhereFloatRounds) {
  const std::string fine = "%w: f32[4, 1] = constant f32[4, 1] {1.0000305175781, 1, 1, 1}\n";  // 1 + 2^-15
  EXPECT_EQ(fact(graph(fine + "%y = MatMul(%x, %w)")), "2^-18 [-14680176, 18743439] along 1, rounded");
  EXPECT_EQ(fact(graph(fine + "%1 = MatMul(%x, %w)\n %y = Clip(%1, %low, %high)")), "2^-18 [-262144, 393216] along 1, rounded");
}

TEST(Grid, BoundsAConvolutionByGroups) {
  const std::string body = R"(%1 = Clip(%x, %low, %high)
      %shape: i64[3] = constant i64[3] {-1, 2, 2}
      %2 = Reshape(%1, %shape)
      %w: f32[2, 1, 2] = constant f32[2, 1, 2] {1, 1, 0.5, -1}
      %b: f32[2] = constant f32[2] {0, 8}
      %y = Conv(%2, %w, %b) {"group" = 2, "pads" = ints[1, 1]})";
  // Channel 0: -16 to 24 of 2^-3; channel 1: -4 - 12 = -16, 6 + 8 = 14 of 2^-3, in halves of that, and 8.
  EXPECT_EQ(fact(graph(body)), "2^-3..2^-4 [-32, 156] along 1");
}

TEST(Grid, FollowsChannelsThroughShapes) {
  const std::string channels = R"(%w: f32[4, 2] = constant f32[4, 2] {1, 0.5, 0, 0, 0, 0, 0, 0}
      %1 = MatMul(%x, %w)
      )";
  EXPECT_EQ(fact(graph(channels + "%y = Transpose(%1)")), "2^-3..2^-4 [-112, 143] along 0");
  EXPECT_EQ(fact(graph(channels + "%s2: i64[3] = constant i64[3] {-1, 2, 1}\n %y = Reshape(%1, %s2)")), "2^-3..2^-4 [-112, 143] along 1");
  EXPECT_EQ(fact(graph(channels + "%s2: i64[1] = constant i64[1] {-1}\n %y = Reshape(%1, %s2)")), "2^-4 [-224, 286]");
  EXPECT_EQ(fact(graph(channels + "%y = Concat(%1, %x) {\"axis\" = 1}")), "2^-3..2^-4 [-112, 143] along 1");
  EXPECT_EQ(fact(graph(channels + "%y = Concat(%1, %1) {\"axis\" = 0}")), "2^-4 [-224, 286]");
  EXPECT_EQ(fact(graph(channels + "%y = Concat(%1, %u) {\"axis\" = 1}")), "-");
}

TEST(Grid, DividesMeansByPowersOfTwoOnly) {
  const std::string image = R"(%shape: i64[4] = constant i64[4] {-1, 1, 2, 2}
      %1 = Reshape(%x, %shape)
      )";
  EXPECT_EQ(fact(graph(image + R"(%y = AveragePool(%1) {"kernel_shape" = ints[2, 2]})")), "2^-5 [-448, 572]");
  EXPECT_EQ(fact(graph(image + R"(%y = AveragePool(%1) {"kernel_shape" = ints[2, 2], "pads" = ints[1, 1, 0, 0]})")), "-");
  EXPECT_EQ(fact(graph(image + "%y = GlobalAveragePool(%1)")), "2^-5 [-448, 572]");
  EXPECT_EQ(fact(graph(image + R"(%y = MaxPool(%1) {"kernel_shape" = ints[2, 2]})")), "2^-3 [-112, 143]");
}

TEST(Grid, KnowsTheRangeOfIntegerTypesThatWrap) {
  EXPECT_EQ(fact(graph("%1 = Add(%q, %q)\n %y = DequantizeLinear(%1, %s)")), "2^-3 [-128, 127]");
  EXPECT_EQ(fact(graph("%y = QuantizeLinear(%u, %s, %zero)")), "2^0 [-128, 127]");
}

TEST(Grid, TakesTheSmallestFractionOfAConstant) {
  const std::array<float, 4> values{0.75f, -3, 0, 0.1015625f};
  const Tensor t = tensor_of<float>({2, 2}, std::span<const float>(values));
  EXPECT_EQ(text(*of_constant(t)), "2^-7 [-384, 96]");
  EXPECT_EQ(text(*of_constant(t, 0)), "2^-2..2^-7 [-12, 13] along 0");
  EXPECT_EQ(text(*of_constant(t, 1)), "2^-2..2^-7 [-384, 13] along 1");
  const float off = 0.1f;
  EXPECT_FALSE(of_constant(tensor_of<float>({}, std::span(&off, 1))));
}

}  // namespace
}  // namespace inferc::grid
