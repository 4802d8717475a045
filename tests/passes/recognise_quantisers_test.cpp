#include <gtest/gtest.h>

#include "compiler/passes/passes.hpp"
#include "tests/support/graphs.hpp"

namespace inferc {
namespace {

std::string graph_of(const std::string& body) {
  return R"(graph "g" {
      %x: f32[3, 2] = input
      %s: f32[] = constant f32[] {16}
      %step: f32[] = constant f32[] {0.0625}
      %half: f32[] = constant f32[] {0.5}
      %l: f32[] = constant f32[] {-128}
      %h: f32[] = constant f32[] {127}
      %odd: f32[] = constant f32[] {3}
      %near: f32[] = constant f32[] {0.50000006}
      %between: f32[] = constant f32[] {7.5}
      )" +
         body + "\n return %y\n }";
}
std::string one(const std::string& rounding) {
  return R"(graph "g" {
      %x: f32[3, 2] = input
      %s: f32[] = constant f32[] {16}
      %l: f32[] = constant f32[] {-128}
      %h: f32[] = constant f32[] {127}
      %y = inferc.Quantize(%x, %s, %l, %h) {"overflow" = "SAT", "rounding" = ")" +
         rounding + "\"}\n return %y\n }";
}
void expect(const std::string& body, const std::string& rounding) { test::expect_rewrite(recognise_quantisers, graph_of(body), one(rounding)); }

TEST(RecogniseQuantisers, TakesEveryRoundingThatOperatorsSay) {
  expect("%1 = Mul(%x, %s)\n %2 = Add(%1, %half)\n %3 = Floor(%2)\n %4 = Clip(%3, %l, %h)\n %y = Div(%4, %s)", "RND");
  expect("%1 = Mul(%x, %s)\n %2 = Floor(%1)\n %3 = Clip(%2, %l, %h)\n %y = Div(%3, %s)", "TRN");
  expect("%1 = Mul(%x, %s)\n %2 = Round(%1)\n %3 = Clip(%2, %l, %h)\n %y = Div(%3, %s)", "RND_CONV");
  expect("%1 = Mul(%x, %s)\n %2 = Sub(%1, %half)\n %3 = Ceil(%2)\n %4 = Clip(%3, %l, %h)\n %y = Div(%4, %s)", "RND_MIN_INF");
}

TEST(RecogniseQuantisers, TakesScalesAndBoundsInEveryForm) {
  expect("%1 = Div(%x, %step)\n %2 = Round(%1)\n %3 = Clip(%2, %l, %h)\n %y = Mul(%3, %step)", "RND_CONV");
  expect("%1 = Mul(%s, %x)\n %2 = Floor(%1)\n %3 = Min(%2, %h)\n %4 = Max(%l, %3)\n %y = Mul(%step, %4)", "TRN");
  expect("%1 = Mul(%x, %s)\n %2 = Floor(%1)\n %3 = Max(%2, %l)\n %4 = Min(%3, %h)\n %y = Div(%4, %s)", "TRN");
}

TEST(RecogniseQuantisers, LeavesOtherFunctions) {
  for (const char* body : {"%1 = Mul(%x, %odd)\n %2 = Floor(%1)\n %3 = Clip(%2, %l, %h)\n %y = Div(%3, %odd)",                    // on no grid of 2^-f
                           "%1 = Mul(%x, %s)\n %2 = Floor(%1)\n %3 = Clip(%2, %l, %between)\n %y = Div(%3, %s)",                  // bound that is no integer
                           "%1 = Mul(%x, %s)\n %2 = Floor(%1)\n %3 = Clip(%2, %h, %l)\n %y = Div(%3, %s)",                        // no range
                           "%1 = Mul(%x, %s)\n %2 = Floor(%1)\n %3 = Clip(%2, %l, %h)\n %y = Mul(%3, %s)",                        // does not come back
                           "%1 = Mul(%x, %s)\n %2 = Add(%1, %near)\n %3 = Floor(%2)\n %4 = Clip(%3, %l, %h)\n %y = Div(%4, %s)",  // not half a step
                           "%1 = Mul(%x, %s)\n %2 = Floor(%1)\n %3 = Clip(%2, %l, %h)\n %4 = Div(%3, %s)\n %y = Add(%4, %2)"})    // read elsewhere
    test::expect_unchanged(recognise_quantisers, graph_of(body));
}

}  // namespace
}  // namespace inferc
