#include <gtest/gtest.h>

#include "compiler/passes/keep_static.hpp"
#include "tests/support/graphs.hpp"

namespace inferc {
namespace {

bool second_is_static(Graph& graph) { return keep_static_apart(graph, {1}); }

TEST(KeepStatic, PutsAViewBehindWhatStaticInputsDecide) {
  test::expect_rewrite(second_is_static, R"(graph "g" {
      %x: f32[4] = input
      %e: f32[4] = input
      %1 = Exp(%e)
      %2 = Sin(%1)
      %3 = Add(%x, %1)
      %4 = Mul(%3, %2)
      %5 = Add(%4, %1)
      return %5
    })",
                       R"(graph "g" {
      %x: f32[4] = input
      %e: f32[4] = input
      %1 = Exp(%e)
      %2 = Sin(%1)
      %3: f32[4] = inferc.View(%1)
      %4 = Add(%x, %3)
      %5: f32[4] = inferc.View(%2)
      %6 = Mul(%4, %5)
      %7 = Add(%6, %3)
      return %7
    })");
}

// An input that is read beside others, and what no other node reads.
TEST(KeepStatic, LeavesInputsAndOutputsAlone) {
  test::expect_unchanged(second_is_static, R"(graph "g" {
      %x: f32[4] = input
      %e: f32[4] = input
      %1 = Add(%x, %e)
      %2 = Exp(%e)
      return %1, %2
    })");
}

}  // namespace
}  // namespace inferc
