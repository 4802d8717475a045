#include <gtest/gtest.h>

#include "compiler/ir/graph.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

constexpr std::string_view control_flow = R"(graph "main" {
  symbol n: 0..40
  %0 "x": f32[n, 4] = input
  %1 "go\x22": bool[] = input
  %2 "w": f32[2] = constant f32[2] {1.5, -inf}
  %3 "b": i64[0] = constant i64[0] {}
  %4 "y": f32[n, 4], _ = If(%1, %0, %2) {"alpha" = 0.5, "axis" = -1, "perm" = ints[1, 0], "s" = "a\x0ab"} name "if_1" opset 17 from ["If 'if_1'"]
    region "then_branch" captures 2 graph "then" {
      %0 "x": f32[n, 4] = input
      %1 "w": f32[2] = input
      %2: f32[n, 4] = Relu(%0)
      return %2
    }
    region "else_branch" captures 0 graph "else" {
      %0: f32[n, 4] = inferc.Made(_) {"values" = tensor i64[2] {3, 4}}
      return %0
    }
  return %4, %4
}
)";

TEST(GraphText, ParsesBack) {
  const auto g = parse_graph(control_flow);
  EXPECT_EQ(text(*g), control_flow);
  EXPECT_EQ(text(*clone(*g)), control_flow);
}

TEST(GraphText, TakesLargeConstantsFromTheList) {
  const Tensor big(DType::float32, {17});
  const auto g = parse_graph("graph \"g\" { %w: f32[17] = constant #0 %y: f32[17] = Relu(%w) return %y }", {big});
  EXPECT_NE(text(*g).find("constant #0"), std::string::npos);
  EXPECT_TRUE(g->constants()[0]->constant->same(big));
}

TEST(GraphText, NamesTheLineOfAnError) {
  try {
    (void)parse_graph("graph \"g\" {\n  %y = Relu(%x)\n  return %y\n}");
    FAIL();
  } catch (const UserError& e) {
    EXPECT_NE(std::string(e.what()).find("line 2"), std::string::npos) << e.what();
  }
}

TEST(Verify, HoldsForRegions) {
  const auto g = parse_graph(control_flow);
  g->nodes()[0]->outputs.pop_back();
  verify(*g);
  g->nodes()[0]->regions[0].captures = 4;
  EXPECT_THROW(verify(*g), InternalError);
}

}  // namespace
}  // namespace inferc
