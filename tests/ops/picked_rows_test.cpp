#include <algorithm>
#include <cstdlib>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/ops/evaluate_graph.hpp"
#include "compiler/passes/passes.hpp"
#include "compiler/run/loaded_model.hpp"
#include "tests/support/built.hpp"
#include "tests/support/graphs.hpp"

// Rows of a table that a loop and an epilogue read where they are: no call moves them, and the bits are those of the graph as it is
// written, on every code path.
namespace inferc::test {
namespace {

// Messages along e edges of 7 nodes. One index is computed, the other one given.
std::string messages() {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> draw(-1, 1);
  std::string weights;
  for (int i = 0; i < 20 * 18; ++i) weights += fmt::format("{}{}", i ? ", " : "", draw(random));
  return R"(graph "messages" {
      symbol e: 0..50
      %x: f32[7, 20] = input
      %table: f32[1, 7, 18] = input
      %c: f32[e, 20] = input
      %i: i64[e] = input
      %j: i64[e] = input
      %w: f32[20, 18] = constant f32[20, 18] {)" +
         weights + R"(}
      %k = Add(%i, %j)
      %1 = Gather(%x, %k) {"axis" = 0}
      %2 = Gather(%x, %i) {"axis" = 0}
      %3 = Sub(%1, %2)
      %4 = Add(%3, %c)
      %y = Relu(%4)
      %one: i64[1] = constant i64[1] {0}
      %5 = Unsqueeze(%y, %one)
      %6 = MatMul(%5, %w)
      %7 = Gather(%table, %k) {"axis" = 1}
      %z = Add(%6, %7)
      return %y, %z
    })";
}

std::vector<Tensor> inputs(std::int64_t edges) {
  std::mt19937 random(2);
  std::normal_distribution<float> draw;
  std::uniform_int_distribution<std::int64_t> node(-3, 3);
  std::vector<Tensor> out;
  for (const auto& shape : std::vector<std::vector<std::int64_t>>{{7, 20}, {1, 7, 18}, {edges, 20}}) {
    out.emplace_back(DType::float32, shape);
    for (float& v : out.back().as<float>()) v = draw(random);
  }
  for (int k = 0; k < 2; ++k) {
    out.emplace_back(DType::int64, std::vector<std::int64_t>{edges});
    for (std::int64_t& v : out.back().as<std::int64_t>()) v = node(random);
  }
  return out;
}

std::vector<std::string> kernels(const Program& p) {
  std::vector<std::string> out;
  for (const Call& c : p.calls) out.push_back(c.kernel);
  return out;
}

BuiltModel build(Graph& graph) {
  run_pipeline(graph);
  const Program program = plan(graph);
  const auto calls = kernels(program);
  EXPECT_EQ(std::count(calls.begin(), calls.end(), "cpu::gather"), 0);
  EXPECT_EQ(std::count(calls.begin(), calls.end(), "cpu::check_indices"), 3);
  return built(program, "picked_rows");
}

TEST(PickedRows, HaveTheSameBitsOnEveryPath) {
  const auto graph = typed_graph(messages());
  const BuiltModel built = build(*typed_graph(messages()));
  for (const char* path : {"base", "v3", "v4"}) {
    SCOPED_TRACE(path);
    ::setenv("INFERC_ISA", path, 1);
    const LoadedModel loaded(built);
    for (const std::int64_t edges : {0, 1, 2, 11, 50}) {
      const auto expected = evaluate_graph(*graph, inputs(edges)), actual = run_model(loaded, inputs(edges));
      for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_TRUE(expected[i].same(actual[i])) << edges << " edges, output " << i;
    }
  }
  ::unsetenv("INFERC_ISA");
}

TEST(PickedRows, AnIndexOutOfRangeIsAStatusGivenOrComputed) {
  const LoadedModel loaded(build(*typed_graph(messages())));
  const auto run_with = [&](std::size_t input, std::int64_t value) {
    auto all = inputs(11);
    all[input].as<std::int64_t>()[10] = value;
    return BoundCall(loaded, {{"e", 11}}, all).run();
  };
  constexpr std::size_t given = 3, added = 4;
  EXPECT_EQ(run_with(given, 3), inferc_ok);
  EXPECT_EQ(run_with(given, 7), inferc_index_out_of_range);
  EXPECT_EQ(run_with(given, -8), inferc_index_out_of_range);
  EXPECT_EQ(run_with(added, 10), inferc_index_out_of_range);
  EXPECT_EQ(run_with(added, 1 << 30), inferc_index_out_of_range);
  EXPECT_EQ(run_with(added, -11), inferc_index_out_of_range);
}

}  // namespace
}  // namespace inferc::test
