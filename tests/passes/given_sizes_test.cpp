#include <gtest/gtest.h>

#include "compiler/passes/passes.hpp"
#include "compiler/plan/evaluate.hpp"
#include "compiler/plan/told_sizes.hpp"
#include "tests/support/graphs.hpp"

// Sizes that are computed from elements of an input: the elements are sizes of the call, and a run with others stops.
namespace inferc::test {
namespace {

// y = x, each row repeated as often as the input says, plus one.
std::unique_ptr<Graph> repeated() {
  return parse_graph(R"(graph "g" {
      %0 "x": f32[3] = input
      %1 "times": i64[1] = input
      %2: i64[1] = constant i64[1] {1}
      %3: i64[1] = constant i64[1] {3}
      %4 = Add(%1, %2)
      %5 = Concat(%4, %3) {"axis" = 0}
      %6 "y" = Expand(%0, %5)
      return %6
    })");
}

Tensor ints(std::vector<std::int64_t> v) { return tensor_of<std::int64_t>({static_cast<std::int64_t>(v.size())}, v); }
Tensor floats(std::vector<float> v) { return tensor_of<float>({static_cast<std::int64_t>(v.size())}, v); }

void inferred(Graph& graph) {
  Diagnostics problems;
  ASSERT_TRUE(infer_types(graph, problems)) << problems.errors()[0].message;
  verify(graph);
}

TEST(GivenSizes, AreSymbolsOfTheCall) {
  const auto graph = repeated();
  inferred(*graph);
  EXPECT_EQ(inferc::text(*graph->outputs()[0]->type), "f32[times_0 + 1, 3]");
  ASSERT_EQ(graph->symbols().all().size(), 1u);
  EXPECT_EQ(graph->symbols().all()[0].name, "times_0");
}

TEST(GivenSizes, AreCheckedWhateverThePassesFold) {
  const auto graph = repeated();
  inferred(*graph);
  run_pipeline(*graph);
  const Program program = plan(*graph, false);
  const auto run = [&](std::int64_t given, std::int64_t size) { return evaluate(program, std::vector{floats({1, 2, 3}), ints({given})}, {{"times_0", size}}); };
  EXPECT_EQ(run(1, 1)[0].shape(), (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(run(1, 1)[0].as<float>()[5], 3);
  EXPECT_THROW((void)run(2, 1), UserError);
  EXPECT_THROW((void)run(-1, 1), UserError);
}

TEST(GivenSizes, AreToldToWhoResolvesSymbols) {
  const auto graph = repeated();
  inferred(*graph);
  const auto told = told_sizes(plan(*graph));
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].size.text(), "times_0");
  EXPECT_EQ(told[0].input, 1u);
  EXPECT_EQ(told[0].element, 0u);
}

// The file says what the output is: the element then is no choice of the caller's.
TEST(GivenSizes, FollowFromTheDeclaredOutput) {
  const auto graph = parse_graph(R"(graph "g" {
      %0 "x": f32[3] = input
      %1 "times": i64[1] = input
      %2: i64[1] = constant i64[1] {3}
      %3 = Concat(%1, %2) {"axis" = 0}
      %4 = Expand(%0, %3)
      %5 "y" = Transpose(%4)
      return %5
    })");
  Graph& g = *graph;
  g.outputs()[0]->producer->outputs[0]->declared = Shape{3, 4};
  inferred(g);
  EXPECT_TRUE(g.symbols().all().empty());
  const Program program = plan(g, false);
  EXPECT_EQ(evaluate(program, std::vector{floats({1, 2, 3}), ints({4})}, {})[0].shape(), (std::vector<std::int64_t>{3, 4}));
  EXPECT_THROW((void)evaluate(program, std::vector{floats({1, 2, 3}), ints({3})}, {}), UserError);
}

TEST(GivenSizes, AreNotMadeWhereTypesAreKnown) {
  const auto graph = parse_graph(R"(graph "g" {
      %0 "x": f32[4, 3] = input
      %1 "i": i64[2] = input
      %2 "y" = Gather(%0, %1) {"axis" = 0}
      return %2
    })");
  inferred(*graph);
  EXPECT_TRUE(graph->symbols().all().empty());
  EXPECT_EQ(graph->size(), 1u);
}

// What is no size of the result alone is refused with the first problem, not with those of the attempt.
TEST(GivenSizes, LeaveTheMessageOfWhatTheyCannotGive) {
  const auto graph = parse_graph(R"(graph "g" {
      %0 "x": f32[4, 3] = input
      %1 "axes": i64[1] = input
      %2 "y" = ReduceSum(%0, %1)
      %3 "z" = Relu(%2)
      return %3
    })");
  Diagnostics problems;
  EXPECT_FALSE(infer_types(*graph, problems));
  ASSERT_EQ(problems.errors().size(), 1u);
  EXPECT_NE(problems.errors()[0].message.find("input 'axes', which gives the sizes of the output"), std::string::npos) << problems.errors()[0].message;
}

TEST(OpenSizes, OfAnOutputAreSymbolsWhereAnOperatorNeedsThem) {
  const auto graph = parse_graph(R"(graph "g" {
      %0 "x": f32[4, 3] = input
      %1 "axes": i64[1] = input
      %2 "y" = ReduceSum(%0, %1) {"keepdims" = 0}
      return %2
    })");
  graph->outputs()[0]->declared = Shape{Dim::symbol("n?")};
  inferred(*graph);
  EXPECT_EQ(inferc::text(*graph->outputs()[0]->type), "f32[n]");
  const Program program = plan(*graph, false);
  const auto run = [&](std::int64_t axis, std::int64_t n) { return evaluate(program, std::vector{Tensor(DType::float32, {4, 3}), ints({axis})}, {{"n", n}}); };
  EXPECT_EQ(run(0, 3)[0].shape(), (std::vector<std::int64_t>{3}));
  EXPECT_EQ(run(-1, 4)[0].shape(), (std::vector<std::int64_t>{4}));
  EXPECT_THROW((void)run(0, 4), UserError);
}

// Of the output's sizes the operand gives one; the others are those of the input.
// The branch taken depends on a size, and the branches differ in rank: the declared output tells the size before the data has a type.
TEST(GivenSizes, AreThoseOfADeclaredReshape) {
  const auto graph = parse_graph(R"(graph "g" {
      %x "x": f32[8] = input
      %size "size": i64[2] = input
      %1: i64[1] = constant i64[1] {1}
      %zeros "zeros" = ConstantOfShape(%size)
      %rows, %columns = Split(%size) {"axis" = 0, "num_outputs" = 2}
      %one = Equal(%rows, %1)
      %step = If(%one)
        region "then_branch" captures 0 graph "then" { %c: f32[] = constant f32[] {0.0} %r = Identity(%c) return %r }
        region "else_branch" captures 0 graph "else" { %c: f32[1] = constant f32[1] {1.0} %r = Identity(%c) return %r }
      %sum = Add(%x, %step)
      %shaped = Reshape(%sum, %size)
      %y "y" = Identity(%shaped)
      return %y, %zeros
    })");
  graph->outputs()[0]->declared = Shape{Dim(2), Dim(4)};
  inferred(*graph);
  EXPECT_EQ(inferc::text(*graph->outputs()[1]->type), "f32[2, 4]");
  const Program program = plan(*graph, false);
  const Tensor x = floats({0, 1, 2, 3, 4, 5, 6, 7});
  EXPECT_EQ(evaluate(program, std::vector{x, ints({2, 4})}, {})[0].as<float>()[7], 8);
  EXPECT_THROW((void)evaluate(program, std::vector{x, ints({1, 8})}, {}), UserError);
}

TEST(OpenSizes, ThatTheGraphTellsAreNoSymbols) {
  const auto graph = parse_graph(R"(graph "g" {
      symbol n: 0..9
      %0 "i": i64[n] = input
      %1 "depth": f32[] = input
      %2: f32[2] = constant f32[2] {0.0, 1.0}
      %3 "y" = OneHot(%0, %1, %2)
      return %3
    })");
  graph->outputs()[0]->declared = Shape{Dim::symbol("y_d0?"), Dim::symbol("y_d1?")};
  inferred(*graph);
  EXPECT_EQ(inferc::text(*graph->outputs()[0]->type), "f32[n, y_d1]");
  EXPECT_EQ(graph->symbols().all().size(), 2u);
}

// Parts of which the last is smaller, whatever the size.
TEST(OpenSizes, OfSplitNeedNotDivide) {
  const auto graph = parse_graph(R"(graph "g" {
      symbol n: 0..9
      %0 "x": f32[n] = input
      %1, %2 = Split(%0) {"num_outputs" = 2}
      return %1, %2
    })");
  inferred(*graph);
  const Program program = plan(*graph, false);
  const auto run = [&](std::int64_t n) { return evaluate(program, std::vector{Tensor(DType::float32, {n})}, {{"n", n}}); };
  for (const std::int64_t n : {0, 1, 4, 7}) {
    EXPECT_EQ(run(n)[0].size(), static_cast<std::size_t>((n + 1) / 2)) << n;
    EXPECT_EQ(run(n)[1].size(), static_cast<std::size_t>(n / 2)) << n;
  }
}

// min(n, 2) == n and the like: what no symbol decides is checked by the run.
TEST(OpenSizes, ThatBoundEachOtherAreChecked) {
  const auto graph = parse_graph(R"(graph "g" {
      symbol n: 0..9
      symbol m: 0..9
      %0 "x": f32[n, 3] = input
      %1 "i": i64[m, 1] = input
      %2 "y" = GatherElements(%0, %1) {"axis" = 1}
      %3 "z" = Squeeze(%1)
      return %2, %3
    })");
  Diagnostics problems;
  EXPECT_TRUE(infer_types(*graph, problems));
  EXPECT_EQ(inferc::text(*graph->outputs()[1]->type), "i64[m]");
  const auto holds = [&](std::int64_t n, std::int64_t m) {
    for (const auto& e : graph->symbols().equalities())
      if (evaluate(e.a, SymbolValues{{"n", n}, {"m", m}}) != evaluate(e.b, SymbolValues{{"n", n}, {"m", m}})) return false;
    return true;
  };
  EXPECT_TRUE(holds(3, 3));
  EXPECT_TRUE(holds(3, 2));
  EXPECT_TRUE(holds(3, 0));
  EXPECT_FALSE(holds(3, 4));
  EXPECT_FALSE(holds(3, 1));  // Squeeze would take the axis away
}

}  // namespace
}  // namespace inferc::test
