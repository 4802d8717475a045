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

}  // namespace
}  // namespace inferc
