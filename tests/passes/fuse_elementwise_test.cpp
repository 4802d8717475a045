#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/passes/passes.hpp"
#include "tests/support/graphs.hpp"

namespace inferc {
namespace {

TEST(FuseElementwise, JoinsAChainWithItsBroadcastOperand) {
  test::expect_rewrite(fuse_elementwise, R"(graph "g" {
      symbol n: 0..40
      %x: f32[n, 4] = input
      %b: f32[4] = input
      %half: f32[] = constant f32[] {0.5}
      %1 = Add(%x, %b)
      %2 = Mul(%1, %half)
      %3 = Relu(%2)
      return %3
    })",
                       R"(graph "g" {
      symbol n: 0..40
      %x: f32[n, 4] = input
      %b: f32[4] = input
      %y = inferc.Fused(%x, %b)
        region "body" captures 2 graph "" {
          %x: f32[n, 4] = input
          %b: f32[4] = input
          %half: f32[] = constant f32[] {0.5}
          %1 = Add(%x, %b)
          %2 = Mul(%1, %half)
          %3 = Relu(%2)
          return %3
        }
      return %y
    })");
}

TEST(FuseElementwise, LeavesValuesThatAreReadElsewhere) {
  test::expect_unchanged(fuse_elementwise, R"(graph "g" {
      %x: f32[3] = input
      %1 = Exp(%x)
      %2 = Neg(%1)
      return %1, %2
    })");
}

TEST(FuseElementwise, LeavesSmallerValuesThatWouldBeComputedOftener) {
  test::expect_unchanged(fuse_elementwise, R"(graph "g" {
      %x: f32[4] = input
      %y: f32[100, 4] = input
      %1 = Exp(%x)
      %2 = Add(%1, %y)
      return %2
    })");
}

// Messages along edges: rows of `x` [5, 16] for both ends.
constexpr const char* edges = R"(graph "g" {
      %x: f32[5, 16] = input
      %s: i64[40] = input
      %t: i32[40] = input
      )";

TEST(FuseElementwise, FindsPickedRowsWhereTheyAre) {
  test::expect_rewrite(fuse_elementwise, std::string(edges) + R"(
      %1 = Gather(%x, %s) {"axis" = 0}
      %2 = Gather(%x, %t) {"axis" = 0}
      %3 = Sub(%1, %2)
      return %3
    })",
                       std::string(edges) + R"(
      %y = inferc.Fused(%x, %s, %t)
        region "body" captures 3 graph "" {
          %x: f32[5, 16] = input
          %s: i64[40] = input
          %t: i32[40] = input
          %1 = Gather(%x, %s) {"axis" = 0}
          %2 = Gather(%x, %t) {"axis" = 0}
          %3 = Sub(%1, %2)
          return %3
        }
      return %y
    })");
}

// Neighbours of points: the rows of all of them, then grouped by point, and in another order.
TEST(FuseElementwise, FindsPickedRowsThatAreGroupedAnew) {
  const auto left = [](const std::string& nodes, const std::string& other) {
    const auto graph = test::typed_graph("graph \"g\" { %x: f32[10, 16] = input %i: i64[40] = input %c: f32[" + other +
                                         "] = input %1 = Gather(%x, %i) {\"axis\" = 0} " + nodes + " %3 = Add(%2, %c) return %3 }");
    static_cast<void>(fuse_elementwise(*graph));
    verify(*graph);
    return graph->size() - static_cast<std::size_t>(test::count(*graph, "Fused"));
  };
  EXPECT_EQ(left("%2: f32[10, 4, 16] = inferc.View(%1)", "10, 1, 16"), 1u);  // a View of the index
  EXPECT_EQ(left("%v: f32[10, 4, 16] = inferc.View(%1) %2 = Transpose(%v) {\"perm\" = ints[1, 0, 2]}", "4, 10, 16"), 2u);
  EXPECT_EQ(left("%2: f32[20, 32] = inferc.View(%1)", "20, 32"), 3u);  // other rows
  EXPECT_EQ(left("%v: f32[10, 4, 16] = inferc.View(%1) %2 = Transpose(%v) {\"perm\" = ints[0, 2, 1]}", "10, 16, 4"), 4u);
}

TEST(FuseElementwise, LeavesPickedRowsThatAreReadElsewhere) {
  test::expect_unchanged(fuse_elementwise, std::string(edges) + R"(
      %1 = Gather(%x, %s) {"axis" = 0}
      %2 = Relu(%1)
      return %1, %2
    })");
}

// A row of 8 floats is as quickly moved as found again.
TEST(FuseElementwise, LeavesRowsThatAreTooShortToFindThemAgain) {
  const auto rows_of = [](int length) {
    return fmt::format("graph \"g\" {{ %x: f32[5, {}] = input %i: i64[40] = input %1 = Gather(%x, %i) {{\"axis\" = 0}} %2 = Relu(%1) return %2 }}", length);
  };
  test::expect_unchanged(fuse_elementwise, rows_of(8));
  const auto graph = test::typed_graph(rows_of(9));
  EXPECT_TRUE(fuse_elementwise(*graph));
  EXPECT_EQ(test::count(*graph, "Fused"), 1);
}

TEST(FuseElementwise, LeavesRowsOfSeveralTablesAndASingleRow) {
  test::expect_unchanged(fuse_elementwise, R"(graph "g" {
      %x: f32[2, 5, 16] = input
      %i: i64[40] = input
      %1 = Gather(%x, %i) {"axis" = 1}
      %2 = Relu(%1)
      return %2
    })");
  test::expect_unchanged(fuse_elementwise, R"(graph "g" {
      %x: f32[5, 16] = input
      %i: i64[1] = input
      %1 = Gather(%x, %i) {"axis" = 0}
      %2 = Relu(%1)
      return %2
    })");
}

TEST(FuseElementwise, LeavesATableThatItselfIsComputed) {
  const auto graph = test::typed_graph(R"(graph "g" {
      %x: f32[40, 16] = input
      %i: i64[40] = input
      %1 = Exp(%x)
      %2 = Gather(%1, %i) {"axis" = 0}
      %3 = Relu(%2)
      return %3
    })");
  EXPECT_TRUE(fuse_elementwise(*graph));
  EXPECT_EQ(graph->size(), 2u);  // Exp once for each row of the table
}

}  // namespace
}  // namespace inferc
