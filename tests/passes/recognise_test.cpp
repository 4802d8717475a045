#include <gtest/gtest.h>

#include <string>

#include "compiler/passes/passes.hpp"
#include "tests/support/graphs.hpp"

namespace inferc {
namespace {

// How many nodes of this operator are left once the pass has run.
std::size_t count_after(bool (*pass)(Graph&), const std::string& text, std::string_view op, std::string_view domain = "") {
  const auto g = test::typed_graph(text);
  pass(*g);
  verify(*g);
  std::size_t found = 0;
  for (const Node* n : g->nodes()) found += n->is(op, domain);
  return found;
}

std::string gelu(const std::string& body, const std::string& outputs = "%y") {
  return R"(graph "g" {
      %x: f32[3, 4] = input
      %half: f32[] = constant f32[] {0.5}
      %one: f32[] = constant f32[] {1}
      %two: f32[] = constant f32[] {2}
      %root: f32[] = constant f32[] {1.4142135}
      %inverse: f32[] = constant f32[] {0.70710678}
      %s = Div(%x, %root)
      %e = Erf(%s)
      %g = Add(%one, %e)
      )" + body + "\n return " + outputs + "\n }";
}

TEST(RecogniseGelu, TakesEverySpelling) {
  for (const char* body : {"%a = Mul(%x, %half)\n %y = Mul(%a, %g)", "%a = Mul(%g, %x)\n %y = Mul(%half, %a)", "%a = Mul(%half, %g)\n %y = Mul(%a, %x)",
                           "%a = Div(%g, %two)\n %y = Mul(%x, %a)", "%a = Mul(%x, %g)\n %y = Div(%a, %two)"})
    EXPECT_EQ(count_after(recognise_gelu, gelu(body), "Gelu"), 1u) << body;
}

TEST(RecogniseGelu, LeavesWhatIsReadElsewhereOrScaledOtherwise) {
  test::expect_unchanged(recognise_gelu, gelu("%a = Mul(%x, %half)\n %y = Mul(%a, %g)", "%y, %g"));
  test::expect_unchanged(recognise_gelu, gelu("%a = Mul(%x, %two)\n %y = Mul(%a, %g)"));
}

std::string norm(const std::string& square, const std::string& result, const std::string& axis = "-1", const std::string& outputs = "%y") {
  return R"(graph "g" {
      %x: f32[3, 4] = input
      %axes: i64[1] = constant i64[1] {)" + axis + R"(}
      %two: f32[] = constant f32[] {2}
      %epsilon: f32[] = constant f32[] {0.00001}
      %scale: f32[4] = constant f32[4] {1, 2, 3, 4}
      %bias: f32[4] = constant f32[4] {5, 6, 7, 8}
      %mean = ReduceMean(%x, %axes)
      %d = Sub(%x, %mean)
      %q = )" + square + R"(
      %v = ReduceMean(%q, %axes)
      %w = Add(%epsilon, %v)
      %r = Sqrt(%w)
      )" + result + "\n return " + outputs + "\n }";
}

TEST(RecogniseNormalisation, TakesEverySpellingWithScaleAndBias) {
  for (const char* square : {"Pow(%d, %two)", "Mul(%d, %d)"})
    for (const char* quotient : {"%n = Div(%d, %r)", "%i = Reciprocal(%r)\n %n = Mul(%i, %d)"})
      for (const char* affine : {"%m = Mul(%n, %scale)\n %y = Add(%m, %bias)", "%m = Mul(%scale, %n)\n %y = Add(%bias, %m)"}) {
        const auto g = test::typed_graph(norm(square, std::string(quotient) + "\n " + affine));
        EXPECT_TRUE(recognise_normalisation(*g));
        ASSERT_EQ(g->size(), 1u) << text(*g);
        const Node* n = g->nodes()[0];
        EXPECT_TRUE(n->is("LayerNormalization"));
        EXPECT_EQ(n->inputs.size(), 3u);
      }
}

TEST(RecogniseNormalisation, LeavesAnotherAxisAndValuesThatAreReadElsewhere) {
  test::expect_unchanged(recognise_normalisation, norm("Mul(%d, %d)", "%y = Div(%d, %r)", "0"));
  test::expect_unchanged(recognise_normalisation, norm("Mul(%d, %d)", "%y = Div(%d, %r)", "-1", "%y, %r"));
}

std::string attention(const std::string& scores, const std::string& rest, const std::string& mask = "f32[2, 1, 5, 5]", const std::string& outputs = "%y") {
  return R"(graph "g" {
      %q: f32[2, 3, 5, 4] = input
      %k: f32[2, 3, 4, 5] = input
      %v: f32[2, 3, 5, 4] = input
      %mask: )" + mask + R"( = input
      %c: f32[] = constant f32[] {0.5}
      %zero: f32[] = constant f32[] {0}
      )" + scores + "\n" + rest + "\n return " + outputs + "\n }";
}

TEST(RecogniseAttention, TakesTheScaleWhereverItStands) {
  const std::string softmax = "%p = Softmax(%s) {\"axis\" = -1}\n %y = MatMul(%p, %v)";
  for (const char* scores : {"%a = Mul(%q, %c)\n %s = MatMul(%a, %k)", "%a = Mul(%c, %k)\n %s = MatMul(%q, %a)", "%a = MatMul(%q, %k)\n %s = Div(%a, %c)",
                             "%a = Mul(%q, %c)\n %b = Mul(%k, %c)\n %s = MatMul(%a, %b)", "%a = MatMul(%q, %k)\n %s = Add(%mask, %a)"})
    EXPECT_EQ(count_after(recognise_attention, attention(scores, softmax), "Attention", "inferc"), 1u) << scores;
}

TEST(RecogniseAttention, TakesTheGuardOfRowsThatAreMasked) {
  const char* guarded = "%p = Softmax(%s) {\"axis\" = 3}\n %n = IsNaN(%p)\n %g = Where(%n, %zero, %p)\n %y = MatMul(%g, %v)";
  EXPECT_EQ(count_after(recognise_attention, attention("%a = MatMul(%q, %k)\n %s = Add(%a, %mask)", guarded), "Attention", "inferc"), 1u);
}

TEST(RecogniseAttention, LeavesOtherAxesAndScoresThatAreReadElsewhere) {
  test::expect_unchanged(recognise_attention, attention("%s = MatMul(%q, %k)", "%p = Softmax(%s) {\"axis\" = 2}\n %y = MatMul(%p, %v)"));
  test::expect_unchanged(recognise_attention, attention("%s = MatMul(%q, %k)", "%p = Softmax(%s) {\"axis\" = -1}\n %y = MatMul(%p, %v)", "f32[5, 5]", "%y, %s"));
}

TEST(RecogniseAttention, LeavesMasksThatAddDimsOrBatches) {
  const std::string scores = R"(%k: f32[1, 3, 4, 5] = input
      %v: f32[1, 3, 5, 4] = input
      %s = MatMul(%q, %k)
      %m = Add(%s, %mask)
      %p = Softmax(%m) {"axis" = -1}
      %y = MatMul(%p, %v)
      return %y
    })";
  for (const char* mask : {"f32[2, 1, 5, 5]", "f32[1, 1, 1, 5, 5]"})
    test::expect_unchanged(recognise_attention, std::string("graph \"g\" {\n %q: f32[1, 3, 5, 4] = input\n %mask: ") + mask + " = input\n" + scores);
}

}  // namespace
}  // namespace inferc
