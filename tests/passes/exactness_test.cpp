#include <gtest/gtest.h>

#include "compiler/passes/exactness.hpp"
#include "tests/support/graphs.hpp"

namespace inferc {
namespace {

// x is a quantised input of 8 bits, y what `body` makes of it.
std::string class_of(const std::string& body) {
  const auto g = test::typed_graph(R"(graph "g" {
      symbol n: 1..40
      %a: f32[n, 2] = input
      %s: f32[] = constant f32[] {16}
      %l: f32[] = constant f32[] {-128}
      %h: f32[] = constant f32[] {127}
      %w: f32[2, 2] = constant f32[2, 2] {1, 2, 3, 4}
      %off: f32[2, 2] = constant f32[2, 2] {0.1, 2, 3, 4}
      %x = inferc.Quantize(%a, %s, %l, %h) {"overflow" = "SAT", "rounding" = "RND"}
      )" + body + "\n return %y\n }");
  const auto e = exactness_of(*g);
  return e ? std::string(1, static_cast<char>(e->kind)) + (e->reason.empty() ? "" : " " + e->reason.substr(0, e->reason.find(" "))) : "-";
}

const std::string quantise = R"( = inferc.Quantize(%v, %s, %l, %h) {"overflow" = "WRAP", "rounding" = "TRN"})";

TEST(Exactness, IsEWhereEveryValueIsOnAGrid) {
  EXPECT_EQ(class_of("%v = MatMul(%x, %w)\n %y" + quantise), "E");
  EXPECT_EQ(class_of("%1 = MatMul(%x, %w)\n %y = Relu(%1)"), "E");
  EXPECT_EQ(class_of("%1 = Exp(%a)\n %v = Mul(%1, %1)\n %y" + quantise), "E") << "in front of the first quantiser";
}

TEST(Exactness, IsLOfFunctionsOfSingleValues) {
  EXPECT_EQ(class_of("%1 = Tanh(%x)\n %v = Exp(%1)\n %y" + quantise), "L Tanh");
  EXPECT_EQ(class_of("%1 = Tanh(%x)\n %2 = Exp(%x)\n %v = Add(%1, %2)\n %y" + quantise), "T Add");
}

TEST(Exactness, IsTOfSumsThatFloatRounds) {
  EXPECT_EQ(class_of("%v = MatMul(%x, %off)\n %y" + quantise), "T MatMul");
  EXPECT_EQ(class_of("%v = Softmax(%x)\n %y" + quantise), "T Softmax");
  EXPECT_EQ(class_of("%y = Sigmoid(%x)"), "T Sigmoid") << "an output on no grid";
}

TEST(Exactness, IsTOfStepsThatAreNoPowersOfTwo) {
  const auto g = test::typed_graph(R"(graph "g" {
      %a: f32[3, 2] = input
      %s: f32[] = constant f32[] {0.1}
      %z: u8[] = constant u8[] {128}
      %w: f32[2, 2] = constant f32[2, 2] {1, 2, 3, 4}
      %q = QuantizeLinear(%a, %s, %z)
      %x = DequantizeLinear(%q, %s, %z)
      %y = MatMul(%x, %w)
      return %y
    })");
  const auto e = exactness_of(*g);
  ASSERT_TRUE(e);
  EXPECT_EQ(e->kind, Exactness::Class::rounded);
  EXPECT_NE(e->reason.find("QuantizeLinear"), std::string::npos) << e->reason;
  EXPECT_NE(e->reason.find("no power of two"), std::string::npos) << e->reason;
}

std::string reason_of(const std::string& scale, const std::string& low, const std::string& high) {
  const auto e = exactness_of(*test::typed_graph("graph \"g\" {\n %x: f32[1, 3] = input\n %s: f32[3] = constant f32[3] {" + scale +
                                                 "}\n %l: f32[] = constant f32[] {" + low + "}\n %h: f32[] = constant f32[] {" + high + R"(}
      %y = inferc.Quantize(%x, %s, %l, %h) {"overflow" = "SAT", "rounding" = "RND"}
      return %y
      })"));
  return e ? std::string(1, static_cast<char>(e->kind)) + " " + e->reason : "-";
}

bool says(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(Exactness, NamesWhatIsOffTheGridOfAQuantiser) {
  EXPECT_EQ(reason_of("4, 8, 2", "-4", "3"), "E ");
  EXPECT_TRUE(says(reason_of("4, 8, 2", "-4", "3.5"), "has bounds that are no integers")) << reason_of("4, 8, 2", "-4", "3.5");
  EXPECT_TRUE(says(reason_of("4, 8, 2", "-4.5", "3"), "has bounds that are no integers")) << reason_of("4, 8, 2", "-4.5", "3");
  EXPECT_TRUE(says(reason_of("4, 3, 2", "-4", "3.5"), "has a step that is no power of two")) << reason_of("4, 3, 2", "-4", "3.5");
}

// Two bounds in front of the rounding, as QONNX has them, or behind it.
std::string class_of_a_quantiser_written_out(const std::string& scale, bool first) {
  const std::string chain = first ? "%2 = Clip(%1, %low, %high)\n %3 = Round(%2)\n" : "%2 = Round(%1)\n %3 = Clip(%2, %low, %high)\n";
  const auto e = exactness_of(*test::typed_graph("graph \"g\" {\n %x: f32[1, 2] = input\n %s: f32[] = constant f32[] {" + scale + R"(}
      %low: f32[] = constant f32[] {0}
      %high: f32[] = constant f32[] {255}
      %w: f32[2, 2] = constant f32[2, 2] {1, 2, 3, 4}
      %1 = Div(%x, %s)
      )" + chain + R"(
      %4 = Mul(%3, %s)
      %y = MatMul(%4, %w)
      return %y
    })"));
  return e ? std::string(1, static_cast<char>(e->kind)) + " " + e->reason : "-";
}

TEST(Exactness, KnowsQuantisersThatAreWrittenOut) {
  for (const bool clip_first : {false, true}) {
    EXPECT_EQ(class_of_a_quantiser_written_out("0.125", clip_first), "E ");
    const std::string text = class_of_a_quantiser_written_out("0.1", clip_first);
    EXPECT_TRUE(text.starts_with("T MatMul")) << text;
    EXPECT_TRUE(says(text, "as Mul")) << text;
    EXPECT_TRUE(says(text, "has a step that is no power of two")) << text;
  }
}

TEST(Exactness, NamesTheQuantiserThatIsOffItsGridBetweenOthers) {
  const std::string body = R"(%b: f32[] = constant f32[] {3.5}
      %q = inferc.Quantize(%x, %s, %l, %b) {"overflow" = "SAT", "rounding" = "RND"}
      %v = MatMul(%q, %w)
      %y)" + quantise;
  EXPECT_EQ(class_of(body), "T inferc.Quantize");
}

TEST(Exactness, NamesStepsThatComeAtRunTime) {
  const auto e = exactness_of(*test::typed_graph(R"(graph "g" {
      %a: f32[3, 2] = input
      %q, %s, %z = DynamicQuantizeLinear(%a)
      %y = DequantizeLinear(%q, %s, %z)
      return %y
    })"));
  ASSERT_TRUE(e);
  EXPECT_EQ(e->kind, Exactness::Class::rounded);
  EXPECT_NE(e->reason.find("a step that comes at run time"), std::string::npos) << e->reason;
}

TEST(Exactness, IsNothingOfOtherNetworks) {
  const auto g = test::typed_graph("graph \"g\" { %a: f32[2, 2] = input %w: f32[2, 2] = constant f32[2, 2] {0.1, 2, 3, 4} %y = MatMul(%a, %w) return %y }");
  EXPECT_FALSE(exactness_of(*g));
  const auto masked = test::typed_graph(R"(graph "g" {
      %a: f32[2, 2] = input
      %m: bool[2, 2] = input
      %keep = Cast(%m) {"to" = 1}
      %1 = Mul(%a, %keep)
      %2 = Floor(%1)
      %y = Sub(%1, %2)
      return %y
    })");
  EXPECT_FALSE(exactness_of(*masked)) << "a mask is on a grid, and Floor without bounds is no quantiser";
}

}  // namespace
}  // namespace inferc
