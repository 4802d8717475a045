#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

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

// Constants, x / sqrt 2 as `scaled`, `body` after g = 1 + erf(scaled).
std::string gelu(const std::string& body, const std::string& outputs = "%y", const std::string& scaled = "Div(%x, %root)") {
  return R"(graph "g" {
      %x: f32[3, 4] = input
      %half: f32[] = constant f32[] {0.5}
      %one: f32[] = constant f32[] {1}
      %two: f32[] = constant f32[] {2}
      %three: f32[] = constant f32[] {3}
      %root: f32[] = constant f32[] {1.4142135}
      %inverse: f32[1] = constant f32[1] {0.70710678}
      %factor: f32[] = constant f32[] {0.044715}
      %outer: f32[] = constant f32[] {0.7978846}
      %wide: f32[1, 1, 1] = constant f32[1, 1, 1] {0.5}
      %s = )" +
         scaled + R"(
      %e = Erf(%s)
      %g = Add(%one, %e)
      )" +
         body + "\n return " + outputs + "\n }";
}

const std::string plain_gelu = "%a = Mul(%x, %half)\n %y = Mul(%a, %g)";

TEST(RecogniseGelu, TakesEverySpelling) {
  for (const char* body : {plain_gelu.c_str(), "%a = Mul(%g, %x)\n %y = Mul(%half, %a)", "%a = Mul(%half, %g)\n %y = Mul(%a, %x)",
                           "%a = Div(%g, %two)\n %y = Mul(%x, %a)", "%a = Mul(%x, %g)\n %y = Div(%a, %two)"})
    for (const char* scaled : {"Div(%x, %root)", "Mul(%x, %inverse)", "Mul(%inverse, %x)"})
      EXPECT_EQ(count_after(recognise_gelu, gelu(body, "%y", scaled), "Gelu"), 1u) << scaled << body;
}

TEST(RecogniseGelu, BecomesTheOperatorAlone) {
  test::expect_rewrite(recognise_gelu, gelu(plain_gelu), R"(graph "g" {
      %x: f32[3, 4] = input
      %y = Gelu(%x) {"approximate" = "none"}
      return %y
    })");
}

TEST(RecogniseGelu, LeavesWhatIsReadElsewhereOrScaledOtherwise) {
  for (const char* read : {"%y, %g", "%y, %a", "%e, %y", "%y, %s"}) test::expect_unchanged(recognise_gelu, gelu(plain_gelu, read));
  test::expect_unchanged(recognise_gelu, gelu("%a = Mul(%x, %two)\n %y = Mul(%a, %g)"));
  test::expect_unchanged(recognise_gelu, gelu(plain_gelu, "%y", "Mul(%x, %root)"));
  test::expect_unchanged(recognise_gelu, gelu(plain_gelu, "%y", "Div(%x, %two)"));
}

// A constant of one element may still add a dim, which Gelu does not.
TEST(RecogniseGelu, LeavesConstantsThatAddDims) { test::expect_unchanged(recognise_gelu, gelu("%a = Mul(%x, %wide)\n %y = Mul(%a, %g)")); }

std::string tanh_gelu(const std::string& cube, const std::string& rest, const std::string& outputs = "%y") {
  return gelu(cube + "\n %m = Mul(%c, %factor)\n " + rest + "\n %t = Tanh(%i)\n %h = Add(%t, %one)\n %a = Mul(%h, %x)\n %y = Mul(%a, %half)", outputs);
}

TEST(RecogniseGelu, TakesEverySpellingOfItsTanhForm) {
  for (const char* cube : {"%c = Pow(%x, %three)", "%q = Mul(%x, %x)\n %c = Mul(%x, %q)", "%q = Mul(%x, %x)\n %c = Mul(%q, %x)"})
    for (const char* rest : {"%p = Add(%x, %m)\n %i = Mul(%p, %outer)", "%p = Add(%m, %x)\n %i = Mul(%outer, %p)"}) {
      const std::string graph = tanh_gelu(cube, rest);
      EXPECT_EQ(count_after(recognise_gelu, graph, "Gelu"), 1u) << cube << rest;
      EXPECT_EQ(count_after(recognise_gelu, graph, "Tanh"), 0u);
    }
}

TEST(RecogniseGelu, LeavesOtherTanhForms) {
  const std::string rest = "%p = Add(%x, %m)\n %i = Mul(%p, %outer)";
  test::expect_unchanged(recognise_gelu, tanh_gelu("%c = Pow(%x, %two)", rest));
  test::expect_unchanged(recognise_gelu, tanh_gelu("%c = Pow(%x, %three)", "%p = Add(%x, %m)\n %i = Mul(%p, %half)"));
  for (const char* read : {"%y, %t", "%y, %p", "%y, %c"}) test::expect_unchanged(recognise_gelu, tanh_gelu("%c = Pow(%x, %three)", rest, read));
}

struct Norm {
  std::string square = "Mul(%d, %d)", quotient = "%y = Div(%d, %r)", axis = "-1", outputs = "%y", centred = "Sub(%x, %mean)",
              epsilon = "f32[] = constant f32[] {0.00001}", variance_axis = "-1", root = "Sqrt(%w)";
};

std::string norm(const Norm& n) {
  return R"(graph "g" {
      %x: f32[4, 4] = input
      %axes: i64[1] = constant i64[1] {)" +
         n.axis + R"(}
      %variance_axes: i64[1] = constant i64[1] {)" +
         n.variance_axis + R"(}
      %one: f32[] = constant f32[] {1}
      %two: f32[] = constant f32[] {2}
      %inverse_root: f32[] = constant f32[] {-0.5}
      %epsilon: )" +
         n.epsilon + R"(
      %scale: f32[4] = constant f32[4] {1, 2, 3, 4}
      %bias: f32[4] = constant f32[4] {5, 6, 7, 8}
      %mean = ReduceMean(%x, %axes)
      %minus = Neg(%mean)
      %d = )" +
         n.centred + R"(
      %q = )" +
         n.square + R"(
      %v = ReduceMean(%q, %variance_axes)
      %w = Add(%epsilon, %v)
      %r = )" +
         n.root + R"(
      )" +
         n.quotient + "\n return " + n.outputs + "\n }";
}

// Spellings of n = d / r.
const std::vector<std::string> quotients{"%n = Div(%d, %r)", "%i = Reciprocal(%r)\n %n = Mul(%i, %d)", "%i = Div(%one, %r)\n %n = Mul(%d, %i)",
                                         "%i = Pow(%w, %inverse_root)\n %n = Mul(%d, %i)"};

TEST(RecogniseNormalisation, TakesEverySpellingWithScaleAndBias) {
  for (const char* square : {"Pow(%d, %two)", "Mul(%d, %d)"})
    for (const char* centred : {"Sub(%x, %mean)", "Add(%x, %minus)", "Add(%minus, %x)"})
      for (const std::string& quotient : quotients)
        for (const char* affine : {"%m = Mul(%n, %scale)\n %y = Add(%m, %bias)", "%m = Mul(%scale, %n)\n %y = Add(%bias, %m)"})
          test::expect_rewrite(recognise_normalisation, norm({.square = square, .quotient = quotient + "\n " + affine, .axis = "1", .centred = centred}),
                               R"(graph "g" {
              %x: f32[4, 4] = input
              %scale: f32[4] = constant f32[4] {1, 2, 3, 4}
              %bias: f32[4] = constant f32[4] {5, 6, 7, 8}
              %y = LayerNormalization(%x, %scale, %bias) {"axis" = -1, "epsilon" = 0.00001}
              return %y
            })");
}

TEST(RecogniseNormalisation, LeavesAnotherAxis) {
  test::expect_unchanged(recognise_normalisation, norm({.axis = "0", .variance_axis = "0"}));
  test::expect_unchanged(recognise_normalisation, norm({.variance_axis = "0"}));
  // Over the deviations from the mean of another axis this is a root mean square, and nothing more.
  EXPECT_EQ(count_after(recognise_normalisation, norm({.axis = "0"}), "LayerNormalization"), 0u);
}

TEST(RecogniseNormalisation, LeavesValuesThatAreReadElsewhere) {
  for (const char* read : {"%y, %r", "%v, %y", "%y, %w", "%q, %y"}) test::expect_unchanged(recognise_normalisation, norm({.outputs = read}));
  for (const char* read : {"%y, %mean", "%y, %d"}) EXPECT_EQ(count_after(recognise_normalisation, norm({.outputs = read}), "LayerNormalization"), 0u);
}

TEST(RecogniseNormalisation, LeavesAnEpsilonThatIsNoConstant) {
  test::expect_unchanged(recognise_normalisation, norm({.epsilon = "f32[] = input"}));
  test::expect_unchanged(recognise_normalisation, norm({.epsilon = "f32[4] = constant f32[4] {0.1, 0.2, 0.3, 0.4}"}));
  test::expect_unchanged(recognise_normalisation, norm({.epsilon = "f32[1, 1, 1] = constant f32[1, 1, 1] {0.1}"}));  // adds a dim
}

TEST(RecogniseNormalisation, KeepsAScaleThatIsReadElsewhereOrVariesAlongAnotherAxis) {
  const auto count = [](const char* affine, const char* outputs) {
    return count_after(recognise_normalisation, norm({.quotient = std::string("%n = Div(%d, %r)\n ") + affine, .outputs = outputs}), "Mul");
  };
  EXPECT_EQ(count("%y = Mul(%n, %scale)", "%y"), 0u);
  EXPECT_EQ(count("%y = Mul(%n, %scale)", "%y, %n"), 1u);
  EXPECT_EQ(count("%f: f32[4, 1] = constant f32[4, 1] {1, 2, 3, 4}\n %y = Mul(%n, %f)", "%y"), 1u);
}

// Without the mean.
std::string rms(const std::string& square, const std::string& quotient, const std::string& outputs = "%y", const std::string& axis = "-1",
                const std::string& epsilon = "f32[] = constant f32[] {0.00001}") {
  return norm({.square = square, .quotient = quotient, .axis = "-1", .outputs = outputs, .epsilon = epsilon, .variance_axis = axis});
}

TEST(RecogniseNormalisation, TakesEverySpellingOfTheRootMeanSquare) {
  for (const char* square : {"Pow(%x, %two)", "Mul(%x, %x)"})
    for (const char* quotient : {"%n = Div(%x, %r)", "%i = Reciprocal(%r)\n %n = Mul(%i, %x)", "%i = Div(%one, %r)\n %n = Mul(%x, %i)",
                                 "%i = Pow(%w, %inverse_root)\n %n = Mul(%x, %i)"})
      for (const char* affine : {"%y = Mul(%n, %scale)", "%y = Mul(%scale, %n)"})
        test::expect_rewrite(recognise_normalisation, rms(square, std::string(quotient) + "\n " + affine), R"(graph "g" {
            %x: f32[4, 4] = input
            %scale: f32[4] = constant f32[4] {1, 2, 3, 4}
            %y = RMSNormalization(%x, %scale) {"axis" = -1, "epsilon" = 0.00001}
            return %y
          })");
}

TEST(RecogniseNormalisation, LeavesOtherRootMeanSquares) {
  const std::string square = "Mul(%x, %x)", quotient = "%y = Div(%x, %r)";
  for (const char* read : {"%y, %q", "%y, %v", "%w, %y", "%y, %r"}) test::expect_unchanged(recognise_normalisation, rms(square, quotient, read));
  test::expect_unchanged(recognise_normalisation, rms(square, quotient, "%y", "0"));
  test::expect_unchanged(recognise_normalisation, rms(square, quotient, "%y", "-1", "f32[] = input"));
}

std::string attention(const std::string& scores, const std::string& rest, const std::string& mask = "f32[2, 1, 5, 5]", const std::string& outputs = "%y") {
  return R"(graph "g" {
      %q: f32[2, 3, 5, 4] = input
      %k: f32[2, 3, 4, 5] = input
      %v: f32[2, 3, 5, 4] = input
      %mask: )" +
         mask + R"( = input
      %c: f32[] = constant f32[] {0.5}
      %zero: f32[] = constant f32[] {0}
      )" +
         scores + "\n" + rest + "\n return " + outputs + "\n }";
}

TEST(RecogniseAttention, TakesTheScaleWhereverItStands) {
  const std::string softmax = "%p = Softmax(%s) {\"axis\" = -1}\n %y = MatMul(%p, %v)";
  for (const char* scores : {"%a = Mul(%q, %c)\n %s = MatMul(%a, %k)", "%a = Mul(%c, %k)\n %s = MatMul(%q, %a)", "%a = MatMul(%q, %k)\n %s = Div(%a, %c)",
                             "%a = Mul(%q, %c)\n %b = Mul(%k, %c)\n %s = MatMul(%a, %b)", "%a = MatMul(%q, %k)\n %s = Add(%mask, %a)"})
    EXPECT_EQ(count_after(recognise_attention, attention(scores, softmax), "Attention", "inferc"), 1u) << scores;
}

// The guard that newer exporters write against rows that are masked as a whole.
std::string guard(const std::string& softmax_axis = "3") {
  return "%p = Softmax(%s) {\"axis\" = " + softmax_axis + "}\n %n = IsNaN(%p)\n %g = Where(%n, %zero, %p)\n %y = MatMul(%g, %v)";
}

TEST(RecogniseAttention, TakesTheGuardOfRowsThatAreMasked) {
  for (const char* scores : {"%a = MatMul(%q, %k)\n %s = Add(%a, %mask)", "%a = Mul(%q, %c)\n %b = Mul(%c, %k)\n %m = MatMul(%a, %b)\n %s = Add(%mask, %m)",
                             "%a = MatMul(%q, %k)\n %b = Div(%a, %c)\n %s = Add(%b, %mask)"})
    for (const char* axis : {"3", "-1"}) {
      const auto g = test::typed_graph(attention(scores, guard(axis)));
      EXPECT_TRUE(recognise_attention(*g));
      verify(*g);
      const auto nodes = g->nodes();
      const auto composite = std::find_if(nodes.begin(), nodes.end(), [](const Node* n) { return n->is("Attention", "inferc"); });
      ASSERT_NE(composite, nodes.end()) << scores;
      EXPECT_EQ((*composite)->attr_int("zero_masked_rows", 0), 1);
      EXPECT_EQ((*composite)->inputs.size(), 4u);
    }
}

TEST(RecogniseAttention, MultipliesTheFactors) {
  test::expect_rewrite(
      recognise_attention,
      attention("%a = Mul(%q, %c)\n %b = Mul(%k, %c)\n %m = MatMul(%a, %b)\n %s = Div(%m, %c)", "%p = Softmax(%s) {\"axis\" = -1}\n %y = MatMul(%p, %v)"),
      R"(graph "g" {
      %q: f32[2, 3, 5, 4] = input
      %k: f32[2, 3, 4, 5] = input
      %v: f32[2, 3, 5, 4] = input
      %mask: f32[2, 1, 5, 5] = input
      %keys = Transpose(%k) {"perm" = ints[0, 1, 3, 2]}
      %y = inferc.Attention(%q, %keys, %v) {"scale" = 0.5}
      return %y
    })");
}

TEST(RecogniseAttention, LeavesOtherGuards) {
  const char* scores = "%a = MatMul(%q, %k)\n %s = Add(%a, %mask)";
  const char* guard_to_half = "%p = Softmax(%s) {\"axis\" = -1}\n %n = IsNaN(%p)\n %g = Where(%n, %c, %p)\n %y = MatMul(%g, %v)";
  const char* other_way = "%p = Softmax(%s) {\"axis\" = -1}\n %n = IsNaN(%p)\n %g = Where(%n, %p, %zero)\n %y = MatMul(%g, %v)";
  for (const char* rest : {guard_to_half, other_way}) test::expect_unchanged(recognise_attention, attention(scores, rest));
}

TEST(RecogniseAttention, LeavesOtherAxesAndValuesThatAreReadElsewhere) {
  const std::string softmax = "%p = Softmax(%s) {\"axis\" = -1}\n %y = MatMul(%p, %v)", mask = "f32[5, 5]";
  test::expect_unchanged(recognise_attention, attention("%s = MatMul(%q, %k)", "%p = Softmax(%s) {\"axis\" = 2}\n %y = MatMul(%p, %v)"));
  test::expect_unchanged(recognise_attention, attention("%s = MatMul(%q, %k)", softmax, mask, "%y, %s"));
  test::expect_unchanged(recognise_attention, attention("%s = MatMul(%q, %k)", softmax, mask, "%y, %p"));
  test::expect_unchanged(recognise_attention, attention("%a = MatMul(%q, %k)\n %s = Mul(%a, %c)", softmax, mask, "%y, %a"));
  test::expect_unchanged(recognise_attention, attention("%a = Mul(%q, %c)\n %s = MatMul(%a, %k)", softmax, mask, "%y, %a"));
  test::expect_unchanged(recognise_attention, attention("%a = MatMul(%q, %k)\n %s = Add(%a, %mask)", guard(), mask, "%y, %n"));
  test::expect_unchanged(recognise_attention, attention("%a = MatMul(%q, %k)\n %s = Add(%a, %mask)", guard(), mask, "%y, %g"));
}

// A factor per head or per column is no scale.
TEST(RecogniseAttention, LeavesFactorsThatVary) {
  const char* scores = "%f: f32[3, 1, 1] = constant f32[3, 1, 1] {1, 2, 3}\n %a = MatMul(%q, %k)\n %s = Mul(%a, %f)";
  test::expect_unchanged(recognise_attention, attention(scores, "%p = Softmax(%s) {\"axis\" = -1}\n %y = MatMul(%p, %v)"));
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
