#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/passes/passes.hpp"
#include "tests/support/graphs.hpp"

namespace inferc {
namespace {

TEST(ToLinear, WritesGemmAsMatMulAndAdd) {
  test::expect_rewrite(to_linear, R"(graph "g" {
      symbol n: 0..40
      %x: f32[n, 2] = input
      %w: f32[3, 2] = constant f32[3, 2] {1, 2, 3, 4, 5, 6}
      %b: f32[3] = constant f32[3] {7, 8, 9}
      %y = Gemm(%x, %w, %b) {"transB" = 1}
      return %y
    })",
                       R"(graph "g" {
      symbol n: 0..40
      %x: f32[n, 2] = input
      %b: f32[3] = constant f32[3] {7, 8, 9}
      %w: f32[2, 3] = constant f32[2, 3] {1, 3, 5, 2, 4, 6}
      %1 = MatMul(%x, %w)
      %y = Add(%1, %b)
      return %y
    })");
}

TEST(ToLinear, LeavesFactorsAndWeightsThatAreNotKnown) {
  test::expect_unchanged(to_linear, R"(graph "g" {
      %x: f32[3, 2] = input
      %v: f32[2, 3] = input
      %w: f32[2, 3] = constant f32[2, 3] {1, 2, 3, 4, 5, 6}
      %1 = Gemm(%x, %w) {"alpha" = 0.5}
      %2 = Gemm(%x, %v)
      return %1, %2
    })");
}

TEST(ToLinear, LeavesConvolutionsThatAreNotPointwise) {
  test::expect_unchanged(to_linear, R"(graph "g" {
      %x: f32[1, 2, 8] = input
      %w: f32[3, 2, 2] = constant f32[3, 2, 2] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
      %p: f32[3, 2, 1] = constant f32[3, 2, 1] {1, 2, 3, 4, 5, 6}
      %1 = Conv(%x, %w)
      %2 = Conv(%x, %p) {"strides" = ints[2]}
      return %1, %2
    })");
}

std::string layer(const std::string& body, const std::string& outputs = "%y") {
  return R"(graph "g" {
      %x: f32[5, 2] = input
      %w: f32[2, 2] = constant f32[2, 2] {1, 2, 3, 4}
      %c: f32[2] = constant f32[2] {2, 8}
      %b: f32[2] = constant f32[2] {1, 3}
      %large: f32[2] = constant f32[2] {1, 300}
      )" +
         body + "\n return " + outputs + "\n }";
}

TEST(FoldAffine, MovesAScaleBehindAProductIntoItsWeights) {
  test::expect_rewrite(fold_affine, layer("%1 = MatMul(%x, %w)\n %y = Mul(%1, %c)"), R"(graph "g" {
      %x: f32[5, 2] = input
      %w: f32[2, 2] = constant f32[2, 2] {2, 16, 6, 32}
      %y = MatMul(%x, %w)
      return %y
    })");
}

TEST(FoldAffine, MovesAScaleInFrontIntoTheRowsOfTheWeights) {
  test::expect_rewrite(fold_affine, layer("%1 = Mul(%x, %c)\n %y = MatMul(%1, %w)"), R"(graph "g" {
      %x: f32[5, 2] = input
      %w: f32[2, 2] = constant f32[2, 2] {2, 4, 24, 32}
      %y = MatMul(%x, %w)
      return %y
    })");
}

TEST(FoldAffine, MovesAShiftInFrontIntoTheBias) {
  test::expect_rewrite(fold_affine, layer("%1 = Add(%x, %b)\n %y = MatMul(%1, %w)"), R"(graph "g" {
      %x: f32[5, 2] = input
      %w: f32[2, 2] = constant f32[2, 2] {1, 2, 3, 4}
      %b: f32[2] = constant f32[2] {10, 14}
      %1 = MatMul(%x, %w)
      %y = Add(%1, %b)
      return %y
    })");
}

TEST(FoldAffine, LeavesLargeShiftsAndValuesThatAreReadElsewhere) {
  test::expect_unchanged(fold_affine, layer("%1 = Add(%x, %large)\n %y = MatMul(%1, %w)"));
  test::expect_unchanged(fold_affine, layer("%1 = Add(%x, %b)\n %y = MatMul(%1, %w)", "%y, %1"));
  test::expect_unchanged(fold_affine, layer("%1 = MatMul(%x, %w)\n %y = Mul(%1, %c)", "%y, %1"));
}

TEST(FuseEpilogue, TakesWhatReadsTheProductAlone) {
  const auto g = test::typed_graph(layer("%1 = MatMul(%x, %w)\n %y = Add(%1, %b)"));
  EXPECT_TRUE(fuse_epilogue(*g));
  verify(*g);
  ASSERT_EQ(g->size(), 1u);
  EXPECT_EQ(g->nodes()[0]->regions.at(0).name, "epilogue");
}

TEST(FuseEpilogue, LeavesProductsThatAreReadElsewhereOrHaveNoKnownWeights) {
  test::expect_unchanged(fuse_epilogue, layer("%1 = MatMul(%x, %w)\n %y = Add(%1, %b)", "%y, %1"));
  test::expect_unchanged(fuse_epilogue, layer("%v: f32[2, 2] = input\n %1 = MatMul(%x, %v)\n %y = Add(%1, %b)"));
}

// A product of 40 rows with 16 columns, and rows of `table` [5, 16].
std::string edges(const std::string& nodes) {
  return R"(graph "g" {
      %e: f32[40, 2] = input
      %table: f32[5, 16] = input
      %i: i64[40] = input
      %two: i64[2] = constant i64[2] {2, 16}
      %w = ConstantOfShape(%two)
      )" +
         nodes + "\n return %y }";
}

TEST(FuseEpilogue, TakesRowsThatAreFoundInATable) {
  const auto g = test::typed_graph(edges(R"(%1 = MatMul(%e, %w) %2 = Gather(%table, %i) {"axis" = 0} %3 = Add(%1, %2) %y = Relu(%3))"));
  EXPECT_TRUE(fold_constants(*g));
  EXPECT_TRUE(fuse_elementwise(*g));
  EXPECT_TRUE(fuse_epilogue(*g));
  verify(*g);
  ASSERT_EQ(g->size(), 1u);
  EXPECT_EQ(g->nodes()[0]->regions.at(0).name, "epilogue");
  EXPECT_EQ(g->nodes()[0]->regions.at(0).captures, 2u);  // the table and what picks from it
}

// Rows of two numbers of the index: dims of the product that are none of its rows.
TEST(FuseEpilogue, LeavesPickedRowsThatAreNotItsOwn) {
  const auto g = test::typed_graph(R"(graph "g" {
      %e: f32[40, 2, 2] = input
      %table: f32[5, 2, 16] = input
      %i: i64[40] = input
      %two: i64[2] = constant i64[2] {2, 16}
      %w = ConstantOfShape(%two)
      %1 = MatMul(%e, %w)
      %2 = Gather(%table, %i) {"axis" = 0}
      %y = Add(%1, %2)
      return %y
    })");
  EXPECT_TRUE(fold_constants(*g));
  EXPECT_TRUE(fuse_elementwise(*g));
  EXPECT_FALSE(fuse_epilogue(*g));
}

TEST(FoldConstants, EvaluatesWhatIsKnownAndStopsAt64MB) {
  test::expect_rewrite(fold_constants, layer("%1 = Mul(%b, %c)\n %y = Add(%x, %1)"), R"(graph "g" {
      %x: f32[5, 2] = input
      %1: f32[2] = constant f32[2] {2, 24}
      %y = Add(%x, %1)
      return %y
    })");
  test::expect_unchanged(fold_constants, R"(graph "g" {
      %one: f32[1] = constant f32[1] {1}
      %shape: i64[1] = constant i64[1] {16777217}
      %y = Expand(%one, %shape)
      return %y
    })");
}

TEST(FoldConstants, LeavesProductsBeyondAHundredMillionOperations) {
  const auto folded_to = [](int rows) {
    const auto g = test::typed_graph(fmt::format(R"(graph "g" {{
        %s: i64[2] = constant i64[2] {{{0}, 500}}
        %t: i64[2] = constant i64[2] {{500, 200}}
        %a = ConstantOfShape(%s)
        %b = ConstantOfShape(%t)
        %y = MatMul(%a, %b)
        return %y
      }})",
                                                 rows));
    while (fold_constants(*g)) {
    }
    return g->size();
  };
  EXPECT_EQ(folded_to(500), 0u);  // 2 * 500 * 500 * 200 = 10^8
  EXPECT_EQ(folded_to(501), 1u);
}

TEST(EliminateDeadCode, ErasesWhatNobodyReads) {
  test::expect_rewrite(eliminate_dead_code, layer("%1 = Exp(%x)\n %2 = Neg(%1)\n %y = Relu(%x)"),
                       "graph \"g\" { %x: f32[5, 2] = input %y = Relu(%x) return %y }");
  test::expect_unchanged(eliminate_dead_code, layer("%1 = Exp(%x)\n %y = Neg(%1)"));
}

TEST(ResolveControl, InlinesTheBranchOfAKnownConditionWhenTypesAreInferred) {
  for (const auto& [condition, op] : {std::pair("1", "Relu"), std::pair("0", "Neg")}) {
    const auto g = test::typed_graph(std::string("graph \"g\" {\n %x: f32[3] = input\n %c: bool[] = constant bool[] {") + condition + R"(}
      %y = If(%c, %x, %x)
        region "then_branch" captures 1 graph "t" { %x: f32[3] = input %r = Relu(%x) return %r }
        region "else_branch" captures 1 graph "e" { %x: f32[3] = input %r = Neg(%x) return %r }
      return %y
    })");
    ASSERT_EQ(g->size(), 1u);
    EXPECT_TRUE(g->nodes()[0]->is(op));
  }
}

}  // namespace
}  // namespace inferc
