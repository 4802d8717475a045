#include <gtest/gtest.h>

#include <algorithm>

#include "compiler/ops/evaluate_graph.hpp"
#include "compiler/passes/passes.hpp"
#include "compiler/plan/arena.hpp"
#include "compiler/plan/control.hpp"
#include "compiler/plan/evaluate.hpp"
#include "compiler/plan/program.hpp"
#include "tests/ops/run_node.hpp"
#include "tests/support/control_graphs.hpp"
#include "tests/support/graphs.hpp"

namespace inferc {
namespace {

using namespace test;

const ControlCase& control_case(const std::string& name) {
  static const std::vector<ControlCase> cases = control_cases();
  return *std::find_if(cases.begin(), cases.end(), [&](const ControlCase& c) { return c.name == name; });
}

SymbolValues sizes_of(const Graph& graph, const std::vector<Tensor>& inputs) {
  SymbolValues out;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    for (std::size_t d = 0; d < inputs[i].rank(); ++d)
      if (const auto symbol = graph.inputs()[i]->type->shape[d].as_symbol(); !symbol.empty()) out[std::string(symbol)] = inputs[i].shape()[d];
  return out;
}

std::vector<Tensor> run(const std::string& name, const std::vector<Tensor>& inputs) { return evaluate_graph(*typed_graph(control_case(name).graph), inputs); }

TEST(Control, SurvivesPrintingParsingAndVerification) {
  for (const ControlCase& c : control_cases()) {
    const auto g = typed_graph(c.graph);
    const std::string printed = text(*g);
    EXPECT_EQ(text(*parse_graph(printed)), printed);
    EXPECT_EQ(text(*clone(*g)), printed);
  }
}

TEST(Control, ProgramsAndPassesGiveWhatTheGraphGives) {
  for (const ControlCase& c : control_cases())
    for (const bool optimised : {false, true}) {
      const auto g = typed_graph(c.graph);
      if (optimised) run_pipeline(*g);
      const Program p = plan(*g, false);
      for (const std::vector<Tensor>& inputs : c.inputs) {
        const auto expected = evaluate_graph(*typed_graph(c.graph), inputs);
        const auto programs = evaluate(p, inputs, sizes_of(*g, inputs));
        const auto graphs = evaluate_graph(*g, inputs);
        for (std::size_t k = 0; k < expected.size(); ++k) {
          EXPECT_TRUE(programs[k].same(expected[k])) << c.name << " output " << k << (optimised ? " optimised" : "");
          EXPECT_TRUE(graphs[k].same(expected[k])) << c.name << " output " << k << (optimised ? " optimised" : "");
        }
      }
    }
}

TEST(Control, ABranchIsTaken) {
  const auto& inputs = control_case("branches").inputs;
  EXPECT_EQ(values<float>(run("branches", inputs[0])[0])[1], 0 - values<float>(test::run("Exp", {f32({}, {-1})}))[0]);
  EXPECT_EQ(values<float>(run("branches", inputs[1])[0])[0], 0);
}

TEST(Control, BranchesMayDifferInSize) {
  const auto taken = run("sizes", {f32({4}, {1, -2, 3, 4}), control_case("branches").inputs[0][1]});
  EXPECT_TRUE(taken[0].same(f32({6}, {1, 3, 4, 1, 3, 4})));
  EXPECT_TRUE(taken[1].same(f32({3}, {1, 3, 4})));
}

TEST(Control, ALoopCarriesExchangesAndCollects) {
  const auto out = run("loop", {f32({2}, {0, 0})});  // (a, b): (0, 0), (0, 1), (1, 1), (1, 2), (2, 2)
  EXPECT_TRUE(out[0].same(f32({2}, {4, 4})));
  EXPECT_TRUE(out[1].same(f32({4, 2}, {0, 0, 0, 0, 1, 1, 1, 1})));
  EXPECT_EQ(run("loop", {f32({2}, {3, 5})})[1].shape(), (Integers{1, 2}));  // the condition fails after one iteration
}

TEST(Control, AScanGoesBothWays) {
  const auto out = run("scan", {f32({2, 3}, {1, 2, 3, 4, 5, 6}), f32({3}, {0, 0, 0})});
  EXPECT_TRUE(out[0].same(f32({3}, {5, 7, 9})));
  EXPECT_TRUE(out[1].same(f32({2, 3}, {1, 2, 3, 5, 7, 9})));
  EXPECT_TRUE(out[2].same(f32({3, 2}, {21, 84, 42, 105, 63, 126})));
}

TEST(Control, MeasuredSizesThatMustBeEqualAreChecked) {
  const auto g = typed_graph(control_case("equal").graph);
  Tensor both(DType::boolean, {2}), one(DType::boolean, {2});
  both.as<bool>()[0] = both.as<bool>()[1] = one.as<bool>()[0] = true;
  const std::vector<Tensor> inputs{f32({2}, {1, 2}), both, one};
  EXPECT_THROW(static_cast<void>(evaluate(plan(*g, false), inputs, {{"n", 2}})), UserError);
}

std::string refusal(std::string_view graph) {
  Diagnostics problems;
  infer_types(*parse_graph(graph), problems);
  return problems.failed() ? problems.errors()[0].message : "";
}

TEST(Control, WhatHasNoBoundIsRefused) {
  constexpr std::string_view endless = R"(graph "g" {
  %x: f32[] = input
  %trips = Cast(%x) {"to" = 7}
  %y, %all = Loop(%trips, _, %x)
    region "body" captures 0 graph "body" {
      %i: i64[] = input
      %c: bool[] = input
      %a: f32[] = input
      %b = Exp(%a)
      return %c, %b, %b
    }
  return %all
}
)";
  EXPECT_NE(refusal(endless).find("the number of rows that it collects has no bound"), std::string::npos);
  Diagnostics problems;
  infer_types(*parse_graph(endless), problems);
  EXPECT_NE(problems.errors()[0].help.find("--dim rows=0..N"), std::string::npos);
  constexpr std::string_view growing = R"(graph "g" {
  %x: f32[1] = input
  %trips: i64[] = input
  %y = Loop(%trips, _, %x)
    region "body" captures 0 graph "body" {
      %i: i64[] = input
      %c: bool[] = input
      %a: f32[1] = input
      %b = Concat(%a, %a) {"axis" = 0}
      return %c, %b
    }
  return %y
}
)";
  EXPECT_NE(refusal(growing).find("carried value 0 is f32[1] before an iteration and f32[2] after it"), std::string::npos);
}

void collect(const Call& call, std::vector<std::size_t>& buffers) {
  for (const Arg& arg : call.args)
    for (const auto& [operand, access] : operands(arg)) buffers.push_back(operand->buffer.index);
  for (const auto& body : call.bodies)
    for (const Call& c : body) collect(c, buffers);
}

// Everything that a body touches lives through the whole call: captures, what is carried and what is made inside.
TEST(Control, WhatBodiesTouchLivesThroughTheCallAndNeverOverlaps) {
  std::size_t pairs = 0;
  for (const ControlCase& c : control_cases())
    for (const bool fast : {false, true}) {
      const auto g = typed_graph(c.graph);
      const Program p = plan(*g, fast);
      const std::vector<Lifetime> life = lifetimes(p.calls, p.buffers.size());
      for (std::size_t at = 0; at < p.calls.size(); ++at) {
        if (p.calls[at].bodies.empty()) continue;
        std::vector<std::size_t> touched;
        collect(p.calls[at], touched);
        std::sort(touched.begin(), touched.end());
        touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
        const auto end = [&](std::size_t k) {
          return *p.offsets[k].constant() + p.symbols->bounds(p.buffers[k].size).upper * static_cast<std::int64_t>(byte_size(p.buffers[k].dtype));
        };
        for (const std::size_t a : touched) {
          EXPECT_TRUE(life[a].first <= at && at <= life[a].last);
          for (const std::size_t b : touched) {
            if (a >= b || p.buffers[a].space != Space::arena || p.buffers[b].space != Space::arena) continue;
            EXPECT_TRUE(end(a) <= *p.offsets[b].constant() || end(b) <= *p.offsets[a].constant()) << c.name << ": " << a << " and " << b;
            ++pairs;
          }
        }
      }
    }
  EXPECT_GT(pairs, 20u);
}

}  // namespace
}  // namespace inferc
