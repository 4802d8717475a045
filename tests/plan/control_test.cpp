#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "compiler/plan/arena.hpp"
#include "compiler/plan/evaluate.hpp"
#include "compiler/plan/program.hpp"
#include "tests/ops/run_node.hpp"

namespace inferc {
namespace {

using test::f32;

// y = go ? relu(x) + c : c * x with c made outside; what both branches read lives through the call.
constexpr std::string_view branches = R"(graph "g" {
  %x: f32[3] = input
  %go: bool[] = input
  %c: f32[3] = Exp(%x)
  %y: f32[3] = If(%go, %x, %c, %c, %x)
    region "then_branch" captures 2 graph "then" {
      %x: f32[3] = input
      %c: f32[3] = input
      %r: f32[3] = Relu(%x)
      %s: f32[3] = Add(%r, %c)
      return %s
    }
    region "else_branch" captures 2 graph "else" {
      %c: f32[3] = input
      %x: f32[3] = input
      %p: f32[3] = Mul(%c, %x)
      return %p
    }
  %z: f32[3] = Neg(%y)
  return %z
}
)";

// a, b = b, a + k for each of %trips iterations while the sum of a is below a limit; every a is collected, k is captured.
constexpr std::string_view loop = R"(graph "g" {
  %x: f32[2] = input
  %trips: i64[] = input
  %zero: f32[2] = constant f32[2] {0.0, 0.0}
  %holds: bool[] = constant bool[] {1}
  %k: f32[2] = Exp(%x)
  %a: f32[2], %b: f32[2], %all: f32[4, 2] = Loop(%trips, %holds, %zero, %x, %k)
    region "body" captures 1 graph "body" {
      %i: i64[] = input
      %c: bool[] = input
      %a: f32[2] = input
      %b: f32[2] = input
      %k: f32[2] = input
      %sum: f32[2] = Add(%a, %k)
      %twice: f32[2] = Add(%sum, %sum)
      %half: f32[2] = Sub(%twice, %sum)
      return %c, %b, %half, %a
    }
  %y: f32[2] = Add(%a, %b)
  return %y, %all
}
)";

TEST(Control, SurvivesPrintingParsingAndVerification) {
  for (const std::string_view graph : {branches, loop}) {
    const auto g = parse_graph(graph);
    verify(*g);
    const std::string printed = text(*g);
    EXPECT_EQ(text(*parse_graph(printed)), printed);
    EXPECT_EQ(text(*clone(*g)), printed);
  }
}

TEST(Control, ABranchIsTaken) {
  const Program p = plan(*parse_graph(branches), false);
  const Tensor x = f32({3}, {0, -1, 2});
  for (const bool go : {true, false}) {
    Tensor condition(DType::boolean, {});
    condition.as<bool>()[0] = go;
    const auto out = evaluate(p, std::vector{x, condition}, {});
    for (std::size_t e = 0; e < 3; ++e) {
      const float v = x.as<float>()[e], c = std::exp(v);
      EXPECT_NEAR(out[0].as<float>()[e], -(go ? std::max(v, 0.0f) + c : c * v), 1e-5f);
    }
  }
}

TEST(Control, ALoopCarriesExchangesAndCollects) {
  const Program p = plan(*parse_graph(loop), false);
  const auto out = evaluate(p, std::vector{f32({2}, {0, 0}), test::tensor<std::int64_t>({}, {4})}, {});
  // (a, b): (0, 0), (0, 1), (1, 1), (1, 2), (2, 2)
  EXPECT_TRUE(out[0].same(f32({2}, {4, 4})));
  EXPECT_TRUE(out[1].same(f32({4, 2}, {0, 0, 0, 0, 1, 1, 1, 1})));
  const auto none = evaluate(p, std::vector{f32({2}, {3, 5}), test::tensor<std::int64_t>({}, {0})}, {});
  EXPECT_TRUE(none[0].same(f32({2}, {3, 5})));
}

std::size_t buffer_of(const Program& p, const std::string& kernel) {
  for (std::size_t c = 0; c < p.calls.size(); ++c)
    if (p.calls[c].kernel == kernel) return c;
  return p.calls.size();
}

void collect(const Call& call, std::vector<std::size_t>& buffers) {
  for (const Arg& arg : call.args)
    for (const auto& [operand, access] : operands(arg)) buffers.push_back(operand->buffer.index);
  for (const auto& body : call.bodies)
    for (const Call& c : body) collect(c, buffers);
}

// Everything that a body touches lives through the whole call: captures, what is carried and what is made inside.
TEST(Control, WhatBodiesTouchLivesThroughTheCallAndNeverOverlaps) {
  for (const auto& [graph, kernel] : {std::pair(branches, "branch"), std::pair(loop, "loop")})
    for (const bool fast : {false, true}) {
      const Program p = plan(*parse_graph(graph), fast);
      const std::size_t at = buffer_of(p, kernel);
      ASSERT_LT(at, p.calls.size());
      const std::vector<Lifetime> life = lifetimes(p.calls, p.buffers.size());
      std::vector<std::size_t> touched;
      collect(p.calls[at], touched);
      std::sort(touched.begin(), touched.end());
      touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
      std::size_t pairs = 0;
      for (const std::size_t a : touched) {
        EXPECT_TRUE(life[a].first <= at && at <= life[a].last);
        for (const std::size_t b : touched) {
          if (a >= b || p.buffers[a].space != Space::arena || p.buffers[b].space != Space::arena) continue;
          const auto end = [&](std::size_t k) { return *p.offsets[k].constant() + *p.buffers[k].size.constant() * static_cast<std::int64_t>(byte_size(p.buffers[k].dtype)); };
          EXPECT_TRUE(end(a) <= *p.offsets[b].constant() || end(b) <= *p.offsets[a].constant()) << a << " and " << b;
          ++pairs;
        }
      }
      EXPECT_GT(pairs, 2u);
    }
}

}  // namespace
}  // namespace inferc
