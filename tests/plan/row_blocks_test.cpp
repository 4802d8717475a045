#include "compiler/plan/row_blocks.hpp"

#include <algorithm>
#include <cstdlib>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/ops/evaluate_graph.hpp"
#include "compiler/passes/passes.hpp"
#include "compiler/plan/control.hpp"
#include "compiler/plan/workers.hpp"
#include "compiler/run/loaded_model.hpp"
#include "tests/support/built.hpp"
#include "tests/support/graphs.hpp"

namespace inferc::test {
namespace {

std::string matrix(int rows, int columns, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> draw(-0.5f, 0.5f);
  std::string out;
  for (int i = 0; i < rows * columns; ++i) out += fmt::format("{}{}", i ? ", " : "", draw(random));
  return fmt::format("constant f32[{}, {}] {{{}}}", rows, columns, out);
}

// Messages along e edges: rows of a table that e picks, two layers, a normalisation, and what else reads them.
std::string network(const std::string& edges, const std::string& behind, const std::string& outputs) {
  return fmt::format(R"(graph "g" {{
      symbol e: {}
      %x: f32[7, 64] = input
      %c: f32[e, 64] = input
      %i: i64[e] = input
      %w: f32[64, 64] = {}
      %v: f32[64, 40] = {}
      %s: f32[40] = constant f32[40] {{{}}}
      %1 = Gather(%x, %i) {{"axis" = 0}}
      %2 = Add(%1, %c)
      %3 = MatMul(%2, %w)
      %4 = Relu(%3)
      %5 = MatMul(%4, %v)
      %6 = LayerNormalization(%5, %s)
      {}
      return {}
    }})",
                     edges, matrix(64, 64, 1), matrix(64, 40, 2), fmt::format("{}", fmt::join(std::vector<float>(40, 1.5f), ", ")), behind, outputs);
}

Program planned(const std::string& text) {
  const auto graph = typed_graph(text);
  run_pipeline(*graph);
  return plan_in_blocks(*graph);
}

std::vector<std::string> kernels(const std::vector<Call>& calls) {
  std::vector<std::string> out;
  for (const Call& c : calls) out.push_back(c.kernel);
  return out;
}

const Call* loop_of(const Program& p) {
  const auto at = std::find_if(p.calls.begin(), p.calls.end(), [](const Call& c) { return c.kernel == loop_kernel; });
  return at == p.calls.end() ? nullptr : &*at;
}

TEST(RowBlocks, CallsOfTheSameRowsBecomeOneLoop) {
  const Program p = planned(network("0..3000", "%y = Relu(%6)", "%y"));
  const Call* const loop = loop_of(p);
  ASSERT_TRUE(loop);
  EXPECT_EQ(kernels(loop->bodies.at(0)), (std::vector<std::string>{"declare", "cpu::map", "cpu::gemm", "cpu::gemm", "cpu::layer_norm", "cpu::map"}));
  // Three results of 64 and 40 columns between them, each of one block.
  std::int64_t bytes = 0;
  for (const Buffer& b : p.buffers)
    if (b.space == Space::arena) bytes += *(b.size.constant()) * 4;
  EXPECT_EQ(bytes, rows_of_block * (64 + 64 + 40 + 40) * 4);
  EXPECT_LE(p.arena_bytes.constant(), bytes);
}

TEST(RowBlocks, RowsMayBeASumOfSizes) {
  const Program p = planned(fmt::format(R"(graph "g" {{
      symbol e: 0..3000
      symbol n: 0..3000
      %a: f32[e, 64] = input
      %b: f32[n, 64] = input
      %w: f32[64, 64] = {}
      %1 = Concat(%a, %b) {{"axis" = 0}}
      %2 = MatMul(%1, %w)
      %3 = Relu(%2)
      %4 = MatMul(%3, %w)
      %y = Relu(%4)
      return %y
    }})",
                                        matrix(64, 64, 1)));
  const Call* const loop = loop_of(p);
  ASSERT_TRUE(loop);
  EXPECT_EQ(kernels(loop->bodies.at(0)), (std::vector<std::string>{"declare", "cpu::gemm", "cpu::gemm"}));
}

TEST(RowBlocks, LeavesFewRowsAndWhatAnythingElseReads) {
  EXPECT_FALSE(loop_of(planned(network("0..999", "%y = Relu(%6)", "%y"))));
  // Every result is read again behind the calls: nothing is saved by blocks.
  EXPECT_FALSE(loop_of(planned(network("0..3000", "%y = Relu(%6)", "%2, %4, %5, %6, %y"))));
}

// run_batch() takes the rows of all events at once, workers share calls: both take them whole.
TEST(RowBlocks, AreNotOfAPlanForWorkersOrABatch) {
  const auto graph = typed_graph(network("0..3000", "%y = Relu(%6)", "%y"));
  run_pipeline(*graph);
  EXPECT_FALSE(loop_of(plan(*graph)));
  EXPECT_FALSE(loop_of(plan_for_workers(*graph, {}, {})));
  EXPECT_TRUE(loop_of(plan_in_blocks(*graph)));
}

// The sum over all rows stands between two loops; so does a product with another number of rows that needs it.
TEST(RowBlocks, EndWhereACallNeedsAllRows) {
  const Program p = planned(network("0..5000", "%0: i64[1] = constant i64[1] {0} %7 = ReduceSum(%6, %0) %y = Sub(%6, %7)", "%y"));
  const Call* const loop = loop_of(p);
  ASSERT_TRUE(loop);
  EXPECT_EQ(kernels(loop->bodies.at(0)), (std::vector<std::string>{"declare", "cpu::map", "cpu::gemm", "cpu::gemm", "cpu::layer_norm"}));
  const auto outside = kernels(p.calls);
  EXPECT_EQ(std::count(outside.begin(), outside.end(), loop_kernel), 1);
}

// The bits are those of the graph as it is written, for whole blocks and others, on every code path.
TEST(RowBlocks, KeepTheBits) {
  const std::string text =
      network("0..3000", "%0: i64[1] = constant i64[1] {0} %7 = ReduceSum(%4, %0) %8 = MatMul(%4, %v) %z = Add(%8, %5) %y = Relu(%6)", "%y, %7, %z");
  const auto graph = typed_graph(text);
  const auto inputs = [](std::int64_t edges) {
    std::mt19937 random(3);
    std::normal_distribution<float> draw;
    std::vector<Tensor> out{Tensor(DType::float32, {7, 64}), Tensor(DType::float32, {edges, 64}), Tensor(DType::int64, {edges})};
    for (int k = 0; k < 2; ++k)
      for (float& v : out[static_cast<std::size_t>(k)].as<float>()) v = draw(random);
    for (std::int64_t& v : out[2].as<std::int64_t>()) v = static_cast<std::int64_t>(random() % 14) - 7;
    return out;
  };
  const Program program = planned(text);
  ASSERT_TRUE(loop_of(program));
  const BuiltModel code = built(program, "row_blocks");
  for (const char* path : {"base", "v3", "v4"}) {
    SCOPED_TRACE(path);
    ::setenv("INFERC_ISA", path, 1);
    const LoadedModel loaded(code);
    for (const std::int64_t edges : {0, 1, 95, 96, 97, 1000}) {
      const auto expected = evaluate_graph(*graph, inputs(edges)), actual = run_model(loaded, inputs(edges));
      for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_TRUE(expected[i].same(actual[i])) << edges << " edges, output " << i;
    }
  }
  ::unsetenv("INFERC_ISA");
}

}  // namespace
}  // namespace inferc::test
