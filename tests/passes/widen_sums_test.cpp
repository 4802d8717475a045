#include <gtest/gtest.h>

#include "compiler/passes/passes.hpp"
#include "tests/support/graphs.hpp"

namespace inferc {
namespace {

// x: 16 bits on 2^-8; w: one row of 256, whose sums take 25 bits, or of 255, whose sums take 24.
std::string layer(const std::string& weight, const std::string& body) {
  return R"(graph "g" {
      %a: f32[3, 1] = input
      %scale: f32[] = constant f32[] {256}
      %low: f32[] = constant f32[] {-65536}
      %high: f32[] = constant f32[] {65535}
      %w: f32[1, 1] = constant f32[1, 1] {)" +
         weight + R"(}
      %b: f32[1] = constant f32[1] {1}
      %x = inferc.Quantize(%a, %scale, %low, %high) {"overflow" = "SAT", "rounding" = "TRN"}
      )" +
         body + "\n return %y\n }";
}
const std::string chain = R"(%1 = Gemm(%x, %w, %b)
      %2 = Relu(%1)
      %y = inferc.Quantize(%2, %scale, %low, %high) {"overflow" = "SAT", "rounding" = "RND"})";

TEST(WidenSums, TakesFloat64FromTheLayerToTheQuantiser) {
  test::expect_rewrite(widen_sums, layer("256.0078125", chain), R"(graph "g" {
      %a: f32[3, 1] = input
      %scale: f32[] = constant f32[] {256}
      %low: f32[] = constant f32[] {-65536}
      %high: f32[] = constant f32[] {65535}
      %w: f64[1, 1] = constant f64[1, 1] {256.0078125}
      %b: f64[1] = constant f64[1] {1}
      %s64: f64[] = constant f64[] {256}
      %l64: f64[] = constant f64[] {-65536}
      %h64: f64[] = constant f64[] {65535}
      %x = inferc.Quantize(%a, %scale, %low, %high) {"overflow" = "SAT", "rounding" = "TRN"}
      %x64 = Cast(%x) {"to" = 11}
      %1 = Gemm(%x64, %w, %b)
      %2 = Relu(%1)
      %q = inferc.Quantize(%2, %s64, %l64, %h64) {"overflow" = "SAT", "rounding" = "RND"}
      %y = Cast(%q) {"to" = 1}
      return %y
    })");
}

TEST(WidenSums, LeavesWhatFloatHolds) {
  test::expect_unchanged(widen_sums, layer("1.5", chain));
  test::expect_unchanged(widen_sums, layer("256.0078125", "%y = Gemm(%a, %w, %b)"));
}

// atan2 of an exporter: signs times pi, in a network that wraps an angle by Floor.
TEST(WidenSums, LeavesWhatNoQuantiserGave) {
  test::expect_unchanged(widen_sums, R"(graph "g" {
      %a: f32[3] = input
      %two: f32[] = constant f32[] {2}
      %half_pi: f32[] = constant f32[] {1.57079637}
      %1 = Sign(%a)
      %2 = Sub(%1, %two)
      %3 = Mul(%1, %2)
      %4 = Mul(%3, %half_pi)
      %5 = Floor(%a)
      %y = Add(%4, %5)
      return %y
    })");
}

// Weights of float16 are on a grid, integers are, too: nobody trained that in fixed point.
TEST(WidenSums, LeavesIntegerInputsOfNetworksWithoutQuantisers) {
  test::expect_unchanged(widen_sums, R"(graph "g" {
      %a: i32[3, 1] = input
      %w: f32[1, 1] = constant f32[1, 1] {0.5009765625}
      %x = Cast(%a) {"to" = 1}
      %y = MatMul(%x, %w)
      return %y
    })");
}

// A scale behind a layer of a quantised network stays where it is: the sums are exact, then comes one product.
TEST(FoldAffine, KeepsAwayFromSumsOnAGrid) {
  const std::string scaled = "%1 = MatMul(%x, %w)\n %c: f32[1] = constant f32[1] {0.3}\n %2 = Mul(%1, %c)\n %y = Add(%2, %b)";
  test::expect_unchanged(fold_affine, layer("1.5", scaled));
}

TEST(FoldAffine, KeepsQuantisedInputsOfProductsAsTheyAre) {
  test::expect_unchanged(fold_affine, layer("1.5", "%c: f32[1] = constant f32[1] {0.3}\n %1 = Mul(%x, %c)\n %y = MatMul(%1, %w)"));
  test::expect_unchanged(fold_affine, layer("1.5", "%1 = Add(%x, %b)\n %y = MatMul(%1, %w)"));
}

}  // namespace
}  // namespace inferc
