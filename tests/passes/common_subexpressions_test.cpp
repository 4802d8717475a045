#include <gtest/gtest.h>

#include "compiler/passes/passes.hpp"
#include "tests/support/graphs.hpp"

namespace inferc {
namespace {

TEST(EliminateCommonSubexpressions, JoinsEqualNodesOnly) {
  const auto g = test::typed_graph(R"(graph "g" {
      %x: f32[3] = input
      %1 = Exp(%x)
      %2 = Exp(%x)
      %3 = Neg(%x)
      return %1, %2, %3
    })");
  EXPECT_TRUE(eliminate_common_subexpressions(*g));
  EXPECT_EQ(g->size(), 2u);
}

TEST(EliminateCommonSubexpressions, KeepsSizesOfDifferentContentApart) {
  const auto g = test::typed_graph(R"(graph "g" {
      symbol n: 0..40
      symbol m: 0..40
      %x: f32[n, 4] = input
      %y: f32[m, 4] = input
      %1 = Shape(%x)
      %2 = Shape(%y)
      return %1, %2
    })");
  fold_constants(*g);
  EXPECT_FALSE(eliminate_common_subexpressions(*g));
  EXPECT_EQ(g->size(), 2u);
}

}  // namespace
}  // namespace inferc
