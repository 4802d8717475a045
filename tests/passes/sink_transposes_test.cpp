#include <gtest/gtest.h>

#include "compiler/passes/passes.hpp"
#include "tests/support/graphs.hpp"

namespace inferc {
namespace {

TEST(SinkTransposes, MovesThroughElementwiseOperatorsUntilPairsCancel) {
  test::expect_rewrite(sink_transposes, R"(graph "g" {
      symbol n: 0..40
      %x: f32[1, n, 8] = input
      %b: f32[8, 1] = constant f32[8, 1] {1, 2, 3, 4, 5, 6, 7, 8}
      %1 = Transpose(%x) {"perm" = ints[0, 2, 1]}
      %2 = Add(%1, %b)
      %3 = Relu(%2)
      %4 = Transpose(%3) {"perm" = ints[0, 2, 1]}
      return %4
    })",
                       R"(graph "g" {
      symbol n: 0..40
      %x: f32[1, n, 8] = input
      %b: f32[1, 1, 8] = constant f32[1, 1, 8] {1, 2, 3, 4, 5, 6, 7, 8}
      %2 = Add(%x, %b)
      %3 = Relu(%2)
      return %3
    })");
}

TEST(SinkTransposes, MovesThroughQuantisers) {
  test::expect_rewrite(sink_transposes, R"(graph "g" {
      %x: f32[4, 8] = input
      %s: f32[] = constant f32[] {16}
      %l: f32[] = constant f32[] {-8}
      %h: f32[] = constant f32[] {7}
      %1 = Transpose(%x) {"perm" = ints[1, 0]}
      %2 = inferc.Quantize(%1, %s, %l, %h) {"overflow" = "SAT", "rounding" = "RND"}
      %3 = Transpose(%2) {"perm" = ints[1, 0]}
      return %3
    })",
                       R"(graph "g" {
      %x: f32[4, 8] = input
      %s: f32[] = constant f32[] {16}
      %l: f32[] = constant f32[] {-8}
      %h: f32[] = constant f32[] {7}
      %2 = inferc.Quantize(%x, %s, %l, %h) {"overflow" = "SAT", "rounding" = "RND"}
      return %2
    })");
}

TEST(SinkTransposes, LeavesAnOperandThatWouldHaveToBeCopied) {
  test::expect_unchanged(sink_transposes, R"(graph "g" {
      %x: f32[4, 8] = input
      %y: f32[8, 4] = input
      %1 = Transpose(%x) {"perm" = ints[1, 0]}
      %2 = Add(%1, %y)
      return %2
    })");
}

TEST(SinkTransposes, MovesThroughTheAxisOfConcatAndSoftmax) {
  test::expect_rewrite(sink_transposes, R"(graph "g" {
      %x: f32[2, 3, 8] = input
      %y: f32[2, 5, 8] = input
      %1 = Transpose(%x) {"perm" = ints[0, 2, 1]}
      %2 = Transpose(%y) {"perm" = ints[0, 2, 1]}
      %3 = Concat(%1, %2) {"axis" = -1}
      %4 = Softmax(%3) {"axis" = 1}
      return %4
    })",
                       R"(graph "g" {
      %x: f32[2, 3, 8] = input
      %y: f32[2, 5, 8] = input
      %3 = Concat(%x, %y) {"axis" = 1}
      %4 = Softmax(%3) {"axis" = 2}
      %5 = Transpose(%4) {"perm" = ints[0, 2, 1]}
      return %5
    })");
}

std::string reduction(const std::string& op, const std::string& perm, const std::string& axes, const std::string& shape = "2, 3, 4") {
  return "graph \"g\" {\n %x: f32[" + shape + "] = input\n %axes: i64[2] = constant i64[2] {" + axes + "}\n %1 = Transpose(%x) {\"perm\" = ints[" + perm +
         "]}\n %2 = " + op + "(%1, %axes) {\"keepdims\" = 0}\n return %2\n }";
}

TEST(SinkTransposes, MovesThroughReductionsThatKeepTheOrderOfTheirAxes) {
  test::expect_rewrite(sink_transposes, reduction("ReduceSum", "1, 0, 2", "-1, 1"), R"(graph "g" {
      %x: f32[2, 3, 4] = input
      %axes: i64[2] = constant i64[2] {0, 2}
      %y = ReduceSum(%x, %axes) {"keepdims" = 0}
      return %y
    })");
  // The order of dims of size 1 does not count.
  test::expect_rewrite(sink_transposes, reduction("ReduceSum", "1, 2, 0", "1, 2", "1, 3, 4"), R"(graph "g" {
      %x: f32[1, 3, 4] = input
      %axes: i64[2] = constant i64[2] {0, 2}
      %y = ReduceSum(%x, %axes) {"keepdims" = 0}
      return %y
    })");
}

// A sum over several axes runs row-major: another order of the axes is another order of the sum, and another zero of
// -0 and +0 is found first.
TEST(SinkTransposes, LeavesReductionsWhoseAxesItWouldReorder) {
  for (const char* op : {"ReduceSum", "ReduceMean", "ReduceL2", "ReduceMax"}) {
    test::expect_unchanged(sink_transposes, reduction(op, "2, 1, 0", "0, 1"));
    test::expect_unchanged(sink_transposes, reduction(op, "1, 2, 0", "1, 2"));
  }
}

TEST(SinkTransposes, MovesThroughAViewOfNeighbours) {
  test::expect_rewrite(sink_transposes, R"(graph "g" {
      %x: f32[2, 3, 4, 5] = input
      %shape: i64[2] = constant i64[2] {5, 24}
      %1 = Transpose(%x) {"perm" = ints[3, 0, 1, 2]}
      %2: f32[5, 24] = inferc.View(%1)
      return %2
    })",
                       R"(graph "g" {
      %x: f32[2, 3, 4, 5] = input
      %1: f32[24, 5] = inferc.View(%x)
      %2 = Transpose(%1) {"perm" = ints[1, 0]}
      return %2
    })");
  test::expect_unchanged(sink_transposes, R"(graph "g" {
      %x: f32[2, 3, 4, 5] = input
      %1 = Transpose(%x) {"perm" = ints[3, 1, 0, 2]}
      %2: f32[5, 24] = inferc.View(%1)
      return %2
    })");
}

TEST(SinkTransposes, MovesThroughGatherAndExpand) {
  test::expect_rewrite(sink_transposes, R"(graph "g" {
      %x: f32[6, 1, 4] = input
      %i: i64[2, 3] = input
      %shape: i64[4] = constant i64[4] {4, 2, 3, 7}
      %1 = Transpose(%x) {"perm" = ints[2, 0, 1]}
      %2 = Gather(%1, %i) {"axis" = 1}
      %3 = Expand(%2, %shape)
      return %3
    })",
                       R"(graph "g" {
      %x: f32[6, 1, 4] = input
      %i: i64[2, 3] = input
      %shape: i64[4] = constant i64[4] {2, 3, 7, 4}
      %2 = Gather(%x, %i) {"axis" = 0}
      %3 = Expand(%2, %shape)
      %4 = Transpose(%3) {"perm" = ints[3, 0, 1, 2]}
      return %4
    })");
}

TEST(SinkTransposes, MovesThroughOperatorsOfOurOwn) {
  test::expect_rewrite(sink_transposes, R"(graph "g" {
      %x: f32[1, 2, 3] = input
      %s: f32[3, 1] = constant f32[3, 1] {1, 2, 4}
      %l: f32[] = constant f32[] {-8}
      %h: f32[] = constant f32[] {7}
      %1 = Transpose(%x) {"perm" = ints[0, 2, 1]}
      %2 = inferc.Quantize(%1, %s, %l, %h) {"overflow" = "SAT", "rounding" = "RND"}
      %3 = Transpose(%2) {"perm" = ints[0, 2, 1]}
      return %3
    })",
                       R"(graph "g" {
      %x: f32[1, 2, 3] = input
      %l: f32[] = constant f32[] {-8}
      %h: f32[] = constant f32[] {7}
      %s: f32[1, 1, 3] = constant f32[1, 1, 3] {1, 2, 4}
      %2 = inferc.Quantize(%x, %s, %l, %h) {"overflow" = "SAT", "rounding" = "RND"}
      return %2
    })");
}

}  // namespace
}  // namespace inferc
