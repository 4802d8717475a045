#include <gtest/gtest.h>

#include <string>

#include "compiler/passes/passes.hpp"
#include "tests/support/graphs.hpp"

namespace inferc {
namespace {

struct Group {
  std::string parts = "n, 2, 60", body, rest = "", outputs = "%y", epsilon = "f32[] = constant f32[] {0.001}", ones = "{1, 1}";
};

// x in `parts`, a normalisation of %p to %m by `body`, back to x's shape as %y, or what `rest` makes of %y.
std::string grouped(const Group& g) {
  return R"(graph "g" {
      symbol n: 0..40
      %x: f32[n, 4, 5, 6] = input
      %ones: f32[2] = constant f32[2] )" +
         g.ones + R"(
      %zeros: f32[2] = constant f32[2] {0, 0}
      %inner: i64[1] = constant i64[1] {2}
      %all: i64[3] = constant i64[3] {-1, 2, 3}
      %channels: i64[2] = constant i64[2] {1, 2}
      %two: f32[] = constant f32[] {2}
      %one: f32[] = constant f32[] {1}
      %epsilon: )" +
         g.epsilon + R"(
      %gamma: f32[4, 1, 1] = constant f32[4, 1, 1] {1, 2, 3, 4}
      %beta: f32[1, 4, 1, 1] = constant f32[1, 4, 1, 1] {5, 6, 7, 8}
      %columns: f32[6] = constant f32[6] {1, 2, 3, 4, 5, 6}
      %p: f32[)" +
         g.parts + R"(] = inferc.View(%x)
      )" +
         g.body + R"(
      %y: f32[n, 4, 5, 6] = inferc.View(%m)
      )" +
         g.rest + "\n return " + g.outputs + "\n }";
}

const std::string instances = R"(%m = InstanceNormalization(%p, %ones, %zeros) {"epsilon" = 0.001})";

std::string moments(const std::string& axes, const std::string& square, const std::string& quotient) {
  return "%mean = ReduceMean(%p, " + axes + ")\n %d = Sub(%p, %mean)\n %q = " + square + "\n %v = ReduceMean(%q, " + axes +
         ")\n %w = Add(%v, %epsilon)\n %r = Sqrt(%w)\n " + quotient;
}

const std::string result = R"(graph "g" {
      symbol n: 0..40
      %x: f32[n, 4, 5, 6] = input
      %gamma: f32[4] = constant f32[4] {1, 2, 3, 4}
      %beta: f32[4] = constant f32[4] {5, 6, 7, 8}
      %y = GroupNormalization(%x, %gamma, %beta) {"epsilon" = 0.001, "num_groups" = 2}
      return %y
    })";

const std::string affine = "%s = Mul(%y, %gamma)\n %z = Add(%s, %beta)";

TEST(RecogniseGroupNormalisation, TakesInstancesBetweenViews) {
  for (const char* parts : {"n, 2, 60", "n, 2, 2, 30", "n, 2, 2, 5, 6"})
    for (const char* rest : {affine.c_str(), "%s = Mul(%gamma, %y)\n %z = Add(%beta, %s)"})
      test::expect_rewrite(recognise_group_normalisation, grouped({.parts = parts, .body = instances, .rest = rest, .outputs = "%z"}), result);
}

TEST(RecogniseGroupNormalisation, TakesItsDecomposedForms) {
  for (const char* square : {"Mul(%d, %d)", "Pow(%d, %two)"})
    for (const char* quotient : {"%m = Div(%d, %r)", "%i = Reciprocal(%r)\n %m = Mul(%i, %d)", "%i = Div(%one, %r)\n %m = Mul(%d, %i)"}) {
      test::expect_rewrite(recognise_group_normalisation, grouped({.body = moments("%inner", square, quotient), .rest = affine, .outputs = "%z"}), result);
      test::expect_rewrite(recognise_group_normalisation,
                           grouped({.parts = "n, 2, 2, 5, 6", .body = moments("%all", square, quotient), .rest = affine, .outputs = "%z"}), result);
    }
}

TEST(RecogniseGroupNormalisation, NeedsNoScaleAndBias) {
  test::expect_rewrite(recognise_group_normalisation, grouped({.body = instances}), R"(graph "g" {
      symbol n: 0..40
      %x: f32[n, 4, 5, 6] = input
      %gamma: f32[4] = constant f32[4] {1, 1, 1, 1}
      %beta: f32[4] = constant f32[4] {0, 0, 0, 0}
      %y = GroupNormalization(%x, %gamma, %beta) {"epsilon" = 0.001, "num_groups" = 2}
      return %y
    })");
}

TEST(RecogniseGroupNormalisation, LeavesOtherAxesGroupsAndScales) {
  const std::string quotient = "%m = Div(%d, %r)";
  test::expect_unchanged(recognise_group_normalisation, grouped({.body = moments("%channels", "Mul(%d, %d)", quotient)}));
  test::expect_unchanged(recognise_group_normalisation, grouped({.parts = "n, 2, 2, 5, 6", .body = moments("%inner", "Mul(%d, %d)", quotient)}));
  test::expect_unchanged(recognise_group_normalisation, grouped({.body = instances, .ones = "{1, 2}"}));
  // Eight groups of four channels do not exist; twice the items are no items.
  test::expect_unchanged(recognise_group_normalisation, grouped({.parts = "n, 8, 15", .body = moments("%inner", "Mul(%d, %d)", quotient)}));
  test::expect_unchanged(recognise_group_normalisation, grouped({.parts = "2*n, 2, 30", .body = moments("%inner", "Mul(%d, %d)", quotient)}));
}

TEST(RecogniseGroupNormalisation, LeavesValuesThatAreReadElsewhere) {
  for (const char* read : {"%y, %m", "%y, %p"}) test::expect_unchanged(recognise_group_normalisation, grouped({.body = instances, .outputs = read}));
  for (const char* read : {"%y, %mean", "%y, %d", "%y, %v", "%y, %r", "%y, %m"})
    test::expect_unchanged(recognise_group_normalisation, grouped({.body = moments("%inner", "Mul(%d, %d)", "%m = Div(%d, %r)"), .outputs = read}));
}

TEST(RecogniseGroupNormalisation, LeavesAnEpsilonThatIsNoConstant) {
  test::expect_unchanged(recognise_group_normalisation, grouped({.body = moments("%inner", "Mul(%d, %d)", "%m = Div(%d, %r)"), .epsilon = "f32[] = input"}));
}

TEST(RecogniseGroupNormalisation, AbsorbsNoScaleOfAnotherAxisNorOneThatIsReadElsewhere) {
  const auto muls = [](const char* rest, const char* outputs) {
    const auto g = test::typed_graph(grouped({.body = instances, .rest = rest, .outputs = outputs}));
    EXPECT_TRUE(recognise_group_normalisation(*g));
    verify(*g);
    std::size_t found = 0;
    for (const Node* n : g->nodes()) found += n->is("Mul");
    return found;
  };
  EXPECT_EQ(muls("%z = Mul(%y, %gamma)", "%z"), 0u);
  EXPECT_EQ(muls("%z = Mul(%y, %columns)", "%z"), 1u);
  EXPECT_EQ(muls("%z = Mul(%y, %gamma)", "%z, %y"), 1u);
  // A scale behind the bias would scale that, too.
  EXPECT_EQ(muls("%s = Add(%y, %beta)\n %z = Mul(%s, %gamma)", "%z"), 1u);
}

}  // namespace
}  // namespace inferc
