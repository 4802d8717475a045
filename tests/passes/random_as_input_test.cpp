#include <gtest/gtest.h>

#include "compiler/passes/passes.hpp"
#include "compiler/passes/random_as_input.hpp"
#include "tests/support/graphs.hpp"

// What a model draws as inputs: their names, types and order, and what stays refused.
namespace inferc::test {
namespace {

std::vector<std::string> inputs_of(std::string_view text) {
  const auto graph = parse_graph(text);
  Diagnostics problems;
  if (!infer_types(*graph, problems, InferOptions{.random_as_input = true})) return {problems.errors()[0].message, problems.errors()[0].help};
  verify(*graph);
  std::vector<std::string> out;
  for (const Value* v : graph->inputs()) out.push_back(v->name + " " + inferc::text(*v->type));
  return out;
}

using Names = std::vector<std::string>;

TEST(RandomAsInput, TakesTheTypeAndShapeOfTheResult) {
  EXPECT_EQ(inputs_of(R"(graph "g" {
      symbol n: 0..9
      %0 "x": f32[n, 3] = input
      %1 "noise" = RandomNormal() {"shape" = ints[2, 3], "mean" = 1.0}
      %2 "dice" = RandomUniform() {"shape" = ints[4], "dtype" = 11}
      %3 "like" = RandomNormalLike(%0)
      %4 "wide" = RandomUniformLike(%0) {"dtype" = 11}
      %5 "coin" = Bernoulli(%0) {"dtype" = 9}
      %6 "pick" = Multinomial(%0) {"sample_size" = 5}
      return %1, %2, %3, %4, %5, %6
    })"),
            (Names{"x f32[n, 3]", "noise f32[2, 3]", "dice f64[4]", "like f32[n, 3]", "wide f64[n, 3]", "coin bool[n, 3]", "pick i32[n, 5]"}));
}

TEST(RandomAsInput, GivesEachInputANameOfItsOwn) {
  EXPECT_EQ(inputs_of(R"(graph "g" {
      %0 "x": f32[2] = input
      %1 "x" = RandomNormalLike(%0)
      %2 = RandomNormalLike(%1)
      return %1, %2
    })"),
            (Names{"x f32[2]", "x_2 f32[2]", "RandomNormalLike f32[2]"}));
}

TEST(RandomAsInput, KeepsAModelThatDrawsNothing) {
  EXPECT_EQ(inputs_of(R"(graph "g" {
      %0 "x": f32[3] = input
      %1 "y" = Neg(%0)
      return %1
    })"),
            (Names{"x f32[3]"}));
}

TEST(RandomAsInput, RefusesWhatHasNoSizeBeforeTheCall) {
  const Names measured = inputs_of(R"(graph "g" {
      %0 "x": f32[4] = input
      %1 "k" = NonZero(%0)
      %2 "z" = RandomNormalLike(%1) {"dtype" = 1}
      return %2
    })");
  ASSERT_EQ(measured.size(), 2U);
  EXPECT_EQ(measured[0], "RandomNormalLike -> 'z': it draws random numbers");
  const Names strings = inputs_of(R"(graph "g" {
      %0 "z" = RandomNormal() {"shape" = ints[2], "dtype" = 8}
      return %0
    })");
  ASSERT_EQ(strings.size(), 2U);
}

TEST(RandomAsInput, IsTheRemedyWhereItIsNotAskedFor) {
  const auto graph = parse_graph(R"(graph "g" {
      %0 "z" = RandomNormal() {"shape" = ints[2]}
      return %0
    })");
  Diagnostics problems;
  EXPECT_FALSE(infer_types(*graph, problems));
  ASSERT_EQ(problems.errors().size(), 1U);
  EXPECT_EQ(problems.errors()[0].message, "RandomNormal -> 'z': it draws random numbers");
  EXPECT_NE(problems.errors()[0].help.find("--random-as-input"), std::string::npos);
}

}  // namespace
}  // namespace inferc::test
