#include <gtest/gtest.h>

#include "compiler/passes/passes.hpp"
#include "tests/support/graphs.hpp"

namespace inferc {
namespace {

// Rewrites that edit a node in place leave nothing dead behind: they count and go on all the same.
TEST(Canonicalise, SaysThatItChangedANodeInPlace) {
  test::expect_rewrite(canonicalise, R"(graph "g" {
      %x: f32[3, 4] = input
      %c: f32[4] = constant f32[4] {1, 2, 3, 4}
      %y = Mul(%c, %x)
      return %y
    })",
                       R"(graph "g" {
      %x: f32[3, 4] = input
      %c: f32[4] = constant f32[4] {1, 2, 3, 4}
      %y = Mul(%x, %c)
      return %y
    })");
}

TEST(Canonicalise, GoesOnWhereOneEditInPlaceMakesAnotherPossible) {
  test::expect_rewrite(canonicalise, R"(graph "g" {
      %x: f32[2, 3, 1] = input
      %1 = Transpose(%x) {"perm" = ints[1, 0, 2]}
      %2 = Transpose(%1) {"perm" = ints[1, 2, 0]}
      return %2, %1
    })",
                       R"(graph "g" {
      %x: f32[2, 3, 1] = input
      %1 = Transpose(%x) {"perm" = ints[1, 0, 2]}
      %2: f32[2, 1, 3] = inferc.View(%x)
      return %2, %1
    })");
}

TEST(Canonicalise, DropsNodesThatHandTheirInputOn) {
  test::expect_rewrite(canonicalise, R"(graph "g" {
      symbol n: 0..40
      %x: f32[n, 4] = input
      %axes: i64[2] = constant i64[2] {-1, 4}
      %one: f32[] = constant f32[] {1}
      %1 = Identity(%x)
      %2 = Cast(%1) {"to" = 1}
      %3 = Reshape(%2, %axes)
      %4 = Concat(%3) {"axis" = 0}
      %5 = Mul(%one, %4)
      %6 = Div(%5, %one)
      %7 = Transpose(%6) {"perm" = ints[0, 1]}
      %8 = Relu(%7)
      return %8
    })",
                       R"(graph "g" {
      symbol n: 0..40
      %x: f32[n, 4] = input
      %8 = Relu(%x)
      return %8
    })");
}

// x + 0 turns -0 into +0; a factor or a cast that changes the type or the shape does something.
TEST(Canonicalise, KeepsWhatOnlyLooksNeutral) {
  test::expect_unchanged(canonicalise, R"(graph "g" {
      %x: f32[4] = input
      %zero: f32[] = constant f32[] {0}
      %one: f32[1, 1] = constant f32[1, 1] {1}
      %1 = Add(%x, %zero)
      %2 = Mul(%1, %one)
      %3 = Cast(%2) {"to" = 11}
      return %3
    })");
}

TEST(Canonicalise, MakesEveryShapeOnlyOperatorOneView) {
  test::expect_rewrite(canonicalise, R"(graph "g" {
      %x: f32[2, 3, 4] = input
      %shape: i64[2] = constant i64[2] {-1, 4}
      %axis: i64[1] = constant i64[1] {0}
      %1 = Reshape(%x, %shape)
      %2 = Unsqueeze(%1, %axis)
      %3 = Squeeze(%2, %axis)
      %4 = Flatten(%3) {"axis" = 0}
      return %4
    })",
                       R"(graph "g" {
      %x: f32[2, 3, 4] = input
      %4: f32[1, 24] = inferc.View(%x)
      return %4
    })");
}

TEST(Canonicalise, MergesTransposes) {
  test::expect_rewrite(canonicalise, R"(graph "g" {
      %x: f32[2, 3, 4] = input
      %1 = Transpose(%x) {"perm" = ints[1, 2, 0]}
      %2 = Transpose(%1) {"perm" = ints[0, 2, 1]}
      %3 = Transpose(%2)
      return %3
    })",
                       R"(graph "g" {
      %x: f32[2, 3, 4] = input
      %3 = Transpose(%x) {"perm" = ints[2, 0, 1]}
      return %3
    })");
  test::expect_rewrite(canonicalise, R"(graph "g" {
      %x: f32[2, 3, 4] = input
      %1 = Transpose(%x) {"perm" = ints[1, 2, 0]}
      %2 = Transpose(%1) {"perm" = ints[2, 0, 1]}
      %3 = Relu(%2)
      return %3
    })",
                       R"(graph "g" {
      %x: f32[2, 3, 4] = input
      %3 = Relu(%x)
      return %3
    })");
}

// A symbol may be 1, but need not be.
TEST(Canonicalise, KeepsATransposeOfASizeThatIsNotKnown) {
  test::expect_unchanged(canonicalise, R"(graph "g" {
      symbol n: 1..40
      %x: f32[n, 4] = input
      %1 = Transpose(%x) {"perm" = ints[1, 0]}
      return %1
    })");
}

TEST(Canonicalise, WritesASquareAsAProduct) {
  test::expect_rewrite(canonicalise, R"(graph "g" {
      %x: f32[4] = input
      %two: f32[] = constant f32[] {2}
      %y = Pow(%x, %two)
      return %y
    })",
                       R"(graph "g" {
      %x: f32[4] = input
      %y = Mul(%x, %x)
      return %y
    })");
  test::expect_unchanged(canonicalise, R"(graph "g" {
      %x: f32[4] = input
      %p: f32[] = constant f32[] {3}
      %two: f32[1, 1] = constant f32[1, 1] {2}
      %y = Pow(%x, %p)
      %z = Pow(%x, %two)
      return %y, %z
    })");
}

TEST(Canonicalise, DropsATileThatBroadcastingDoes) {
  test::expect_rewrite(canonicalise, R"(graph "g" {
      %x: f32[3, 4] = input
      %b: f32[1, 4] = input
      %repeats: i64[2] = constant i64[2] {3, 1}
      %1 = Tile(%b, %repeats)
      %2 = Add(%1, %x)
      return %2
    })",
                       R"(graph "g" {
      %x: f32[3, 4] = input
      %b: f32[1, 4] = input
      %2 = Add(%b, %x)
      return %2
    })");
}

TEST(Canonicalise, WritesGatherNDBySingleIndicesAsGather) {
  test::expect_rewrite(canonicalise, R"(graph "g" {
      symbol n: 1..40
      %x: f32[n, 4] = input
      %i: i64[5, 2, 1] = input
      %y = GatherND(%x, %i) {"batch_dims" = 0}
      return %y
    })",
                       R"(graph "g" {
      symbol n: 1..40
      %x: f32[n, 4] = input
      %i: i64[5, 2, 1] = input
      %1: i64[5, 2] = inferc.View(%i)
      %y = Gather(%x, %1) {"axis" = 0}
      return %y
    })");
  test::expect_unchanged(canonicalise, R"(graph "g" {
      %x: f32[5, 4] = input
      %i: i64[5, 2] = input
      %j: i64[5, 1] = input
      %y = GatherND(%x, %i)
      %z = GatherND(%x, %j) {"batch_dims" = 1}
      return %y, %z
    })");
}

// Without the Expand the sum would be smaller, or the tile is no broadcast.
TEST(Canonicalise, KeepsAnExpandThatMakesTheSize) {
  test::expect_unchanged(canonicalise, R"(graph "g" {
      %x: f32[1, 4] = input
      %b: f32[1, 4] = input
      %y: f32[3, 4] = input
      %shape: i64[2] = constant i64[2] {3, 4}
      %repeats: i64[2] = constant i64[2] {2, 1}
      %1 = Expand(%b, %shape)
      %2 = Add(%1, %x)
      %3 = Tile(%y, %repeats)
      return %2, %3
    })");
}

TEST(Canonicalise, AClipWithOneBoundIsMaxOrMin) {
  test::expect_rewrite(canonicalise, R"(graph "g" {
      %x: f32[3] = input
      %low: f32[] = constant f32[] {0.5}
      %1 = Clip(%x, %low)
      %2 = Clip(%1, _, %low)
      return %2
    })",
                       R"(graph "g" {
      %x: f32[3] = input
      %low: f32[] = constant f32[] {0.5}
      %1 = Max(%x, %low)
      %2 = Min(%1, %low)
      return %2
    })");
}

TEST(Canonicalise, AClipWithBothBoundsStays) {
  test::expect_unchanged(canonicalise, R"(graph "g" {
      %x: f32[3] = input
      %low: f32[] = constant f32[] {0.5}
      %high: f32[] = constant f32[] {2}
      %1 = Clip(%x, %low, %high)
      return %1
    })");
}

}  // namespace
}  // namespace inferc
