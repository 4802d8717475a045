#include <gtest/gtest.h>

#include "compiler/ops/evaluate_graph.hpp"
#include "compiler/passes/passes.hpp"
#include "tests/support/graphs.hpp"

namespace inferc {
namespace {

TEST(ComputeHalves, RoundsTheResultOfEveryNodeOnce) {
  test::expect_rewrite(compute_halves_in_float32, R"(graph "g" {
      %x: f16[3] = input
      %1 = Exp(%x)
      %2 = Mul(%1, %x)
      return %2
    })",
                       R"(graph "g" {
      %x: f16[3] = input
      %a = Cast(%x) {"to" = 1}
      %b = Exp(%a)
      %1 = Cast(%b) {"to" = 10}
      %c = Cast(%1) {"to" = 1}
      %d = Cast(%x) {"to" = 1}
      %e = Mul(%c, %d)
      %2 = Cast(%e) {"to" = 10}
      return %2
    })");
}

TEST(ComputeHalves, WidensConstantsAndKeepsResultsOfOtherTypes) {
  test::expect_rewrite(compute_halves_in_float32, R"(graph "g" {
      %x: bf16[2] = input
      %c: bf16[2] = constant bf16[2] {16256, 49152}
      %1 = Less(%x, %c)
      return %1
    })",
                       R"(graph "g" {
      %x: bf16[2] = input
      %c: f32[2] = constant f32[2] {1, -2}
      %a = Cast(%x) {"to" = 1}
      %1 = Less(%a, %c)
      return %1
    })");
}

TEST(ComputeHalves, NamesFloat32ToAnOperatorThatMakesAHalf) {
  test::expect_rewrite(compute_halves_in_float32, R"(graph "g" {
      %n: i64[] = constant i64[] {5}
      %1 = HannWindow(%n) {"output_datatype" = 10}
      return %1
    })",
                       R"(graph "g" {
      %n: i64[] = constant i64[] {5}
      %a = HannWindow(%n) {"output_datatype" = 1}
      %1 = Cast(%a) {"to" = 10}
      return %1
    })");
}

// The quotient has the type of the scale: it is rounded before the zero point comes.
TEST(ComputeHalves, KeepsThePrecisionOfAQuotient) {
  test::expect_rewrite(compute_halves_in_float32, R"(graph "g" {
      %x: f32[2] = input
      %s: f16[] = constant f16[] {15360}
      %1 = QuantizeLinear(%x, %s)
      return %1
    })",
                       R"(graph "g" {
      %x: f32[2] = input
      %s: f32[] = constant f32[] {1}
      %1 = QuantizeLinear(%x, %s) {"precision" = 10}
      return %1
    })");
}

TEST(ComputeHalves, LeavesMovesAndConversionsOfHalves) {
  test::expect_unchanged(compute_halves_in_float32, R"(graph "g" {
      %x: f16[2, 3] = input
      %c: bool[3] = input
      %1 = Transpose(%x)
      %2 = Cast(%x) {"to" = 1}
      %3 = Exp(%2)
      %4 = Cast(%3) {"to" = 10}
      %5 = Where(%c, %4, %x)
      return %1, %5
    })");
}

std::string through_float16() {
  return R"(graph "g" {
      %x: f32[2] = input
      %1 = Cast(%x) {"to" = 10}
      %2 = Cast(%1) {"to" = 1}
      return %2
    })";
}

// Casts to a half and back are no identity: the pipeline keeps their rounding.
TEST(ComputeHalves, KeepsTheRoundingOfCastsThatMeet) {
  const auto g = test::typed_graph(through_float16());
  run_pipeline(*g);
  const Tensor y = evaluate_graph(*g, {tensor_of<float>({2}, std::vector<float>{1.0001F, 65520})})[0];
  EXPECT_EQ(y.as<float>()[0], 1.0F);
  EXPECT_EQ(y.as<float>()[1], std::numeric_limits<float>::infinity());
}

TEST(ComputeHalvesInFloat32, TakesTheFactorOfAFusedProductAsAHalf) {
  const auto graph = test::typed_graph(R"(graph "g" {
      %a: f16[2, 3] = input
      %b: f16[3, 2] = input
      %y = com.microsoft.FusedMatMul(%a, %b) {"alpha" = 0.25}
      return %y
    })");
  ASSERT_TRUE(graph->outputs()[0]->type.has_value());
  EXPECT_EQ(graph->outputs()[0]->type->dtype, DType::float16);
}

}  // namespace
}  // namespace inferc
