#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <tuple>

#include <nlohmann/json.hpp>

#include "compiler/onnx/import.hpp"
#include "compiler/onnx/reader.hpp"
#include "compiler/ops/evaluate_graph.hpp"
#include "compiler/passes/passes.hpp"
#include "compiler/plan/program.hpp"
#include "compiler/plan/row_blocks.hpp"
#include "compiler/run/compare.hpp"
#include "compiler/run/tensor_file.hpp"
#include "compiler/support/process.hpp"
#include "tests/support/graphs.hpp"
#include "tests/support/paths.hpp"

namespace inferc {
namespace {

namespace fs = std::filesystem;

nlohmann::json rows() {
  std::ifstream file(test::source_dir() / "models/zoo.json");
  return nlohmann::json::parse(file)["models"];
}

// Models of the zoo that we compile, with the exporters of PyTorch that wrote them.
std::map<std::string, std::vector<std::string>> exports() {
  std::map<std::string, std::vector<std::string>> out;
  for (const auto& row : rows())
    if (row["later"] == "") out[row["name"]].push_back(row["exporter"]);
  return out;
}

std::vector<std::string> names(std::size_t exporters) {
  std::vector<std::string> out;
  for (const auto& [name, by] : exports())
    if (by.size() >= exporters) out.push_back(name);
  return out;
}

// Files that do not hold the same numbers or computation: the exporters fold BatchNormalization into convolutions with
// roundings of their own, and compute the features of pairs of particles once (a triangle) or twice.
bool equivalent(const std::string& name) {
  const std::set<std::string> otherwise{"part", "particlenet_ak8", "particlenet_hlt_ak4", "particlenet_lite", "robust_part_ak4"};
  return otherwise.count(name) == 0;
}

void expect_close(const Tensor& a, const Tensor& b) {
  ASSERT_EQ(a.shape(), b.shape());
  ASSERT_EQ(a.dtype(), DType::float32);
  float largest = 0, difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(a.as<float>()[i]));
    difference = std::max(difference, std::abs(a.as<float>()[i] - b.as<float>()[i]));
  }
  EXPECT_GT(largest, 0);
  EXPECT_LE(difference, 1e-5f * largest);
}

// The bounds of zoo.json, "name=lower..upper", joined over both exports.
void set_bounds(Symbols& symbols, const std::string& name) {
  for (const auto& row : rows()) {
    if (row["name"] != name) continue;
    for (const std::string dim : row["dims"]) {
      const std::size_t equals = dim.find('='), dots = dim.find("..");
      const Symbol* known = symbols.find(dim.substr(0, equals));
      if (!known) continue;
      const Bounds b{std::stoll(dim.substr(equals + 1)), std::stoll(dim.substr(dots + 2))};
      symbols.set_bounds(known->name, {std::max(b.lower, known->bounds.lower), std::min(b.upper, known->bounds.upper)});
    }
  }
}

std::unique_ptr<Graph> compiled(const fs::path& file, const std::string& name) {
  Diagnostics problems;
  auto graph = onnx::import(onnx::read(file), problems);
  set_bounds(graph->symbols(), name);
  if (problems.failed() || !infer_types(*graph, problems)) throw UserError(problems.errors());
  run_pipeline(*graph);
  return graph;
}

// What was found or kept whole, as against the arithmetic around it.
std::map<std::string, int> composites(const Graph& graph) {
  const std::set<std::string> names{"Attention",
                                    "BatchNormalization",
                                    "Conv",
                                    "ConvTranspose",
                                    "Einsum",
                                    "GRU",
                                    "Gelu",
                                    "Gemm",
                                    "GroupNormalization",
                                    "GroupRows",
                                    "InstanceNormalization",
                                    "LSTM",
                                    "LayerNormalization",
                                    "LogSoftmax",
                                    "MatMul",
                                    "RMSNormalization",
                                    "RNN",
                                    "Softmax",
                                    "TopK"};
  std::map<std::string, int> out;
  for (const Node* n : graph.nodes())
    if (names.count(n->op)) ++out[n->op];
  return out;
}

std::vector<Tensor> inputs_of(const Graph& graph, const fs::path& file) {
  std::vector<NamedType> ports;
  for (const Value* v : graph.inputs()) ports.push_back({v->name, *v->type});
  return read_inputs(file, ports, {});
}

class Exporters : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    folder_ = test::scratch_dir("exporters_" + GetParam());
    const fs::path own = test::source_dir() / ".venv/bin/python";
    const std::string python = fs::exists(own) ? own.string() : "python3";
    const Finished done = run_process({{python, (test::source_dir() / "tests/models/fill_pair.py").string(), folder_.string(), GetParam()}, {}, 120});
    if (done.status == 77) GTEST_SKIP() << done.output;
    ASSERT_EQ(done.status, 0) << done.output;
  }
  void TearDown() override { fs::remove_all(folder_); }
  [[nodiscard]] std::unique_ptr<Graph> graph_of(const std::string& exporter) const {
    return compiled(folder_ / (GetParam() + "." + exporter + ".onnx"), GetParam());
  }
  fs::path folder_;
};

TEST_P(Exporters, GiveTheSameCompositesAndBits) {
  const auto torchscript = graph_of("torchscript"), dynamo = graph_of("dynamo");
  EXPECT_EQ(composites(*torchscript), composites(*dynamo));
  static_cast<void>(plan(*torchscript));
  static_cast<void>(plan(*dynamo));
  const auto a = evaluate_graph(*torchscript, inputs_of(*torchscript, folder_ / "inputs.npz"));
  const auto b = evaluate_graph(*dynamo, inputs_of(*dynamo, folder_ / "inputs.npz"));
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_GT(a[i].size(), 0u);
    if (equivalent(GetParam())) EXPECT_TRUE(a[i].same(b[i])) << "output " << i;
    else expect_close(a[i], b[i]);
  }
}

INSTANTIATE_TEST_SUITE_P(Zoo, Exporters, testing::ValuesIn(names(2)), [](const auto& info) { return info.param; });

Dim flops_at_limits(const Program& p) {
  Dim flops(0);
  for (const Call& c : p.calls) flops = flops + c.flops;
  return p.symbols->at_limits(flops);
}

// Encoder and heads by the type of the element: 18 functions, of which three count in a row.
class HeadsByType : public Exporters {};

TEST_P(HeadsByType, RunOnTheRowsOfTheirTypeWithTheSameBits) {
  const std::vector<std::string> exporters = exports().at(GetParam());
  for (const std::string& exporter : exporters) {
    const fs::path file = folder_ / (GetParam() + "." + exporter + ".onnx");
    Diagnostics problems;
    const auto graph = onnx::import(onnx::read(file), problems);
    set_bounds(graph->symbols(), GetParam());
    ASSERT_TRUE(infer_types(*graph, problems)) << exporter;
    run_pipeline(*graph, "eliminate-common-subexpressions-again");
    const auto inputs = inputs_of(*graph, folder_ / "inputs.npz");
    const auto before = evaluate_graph(*graph, inputs);
    const auto flops = [&] {
      const Program p = plan(*graph);
      return p.symbols->bounds(flops_at_limits(p)).upper;
    };
    const std::int64_t all = flops();
    ASSERT_TRUE(group_rows_by_type(*graph)) << exporter;
    EXPECT_EQ(test::count(*graph, "GroupRows"), 1) << exporter;
    EXPECT_LT(static_cast<double>(flops()), 0.87 * static_cast<double>(all)) << exporter;
    const auto after = evaluate_graph(*graph, inputs);
    for (std::size_t i = 0; i < before.size(); ++i) EXPECT_TRUE(compare(after[i], before[i], {0, 0}).passed) << exporter << " output " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Zoo, HeadsByType, testing::Values("mlpf"), [](const auto& info) { return info.param; });

std::int64_t rounded_bytes(const Buffer& b, const Symbols& symbols) {
  return symbols.bounds(ceil_div(b.size * Dim(static_cast<std::int64_t>(byte_size(b.dtype))), 64) * Dim(64)).upper;
}

// The bytes that a call may save by writing in the place of operands that it reads for the last time: the largest first, since a
// plan may choose.
std::int64_t most_shared(const Program& p, const Call& call, const std::function<bool(std::uint32_t)>& is_last_read) {
  std::vector<std::tuple<std::int64_t, std::uint32_t, std::uint32_t>> pairs;
  for (const auto& [out, in] : call.in_place) {
    const auto to = operands(call.args[out]), from = operands(call.args[in]);
    if (to.size() != 1 || from.size() != 1) continue;
    const std::uint32_t written = to[0].first->buffer.index, read = from[0].first->buffer.index;
    const Buffer &a = p.buffers[written], &b = p.buffers[read];
    if (a.space == Space::arena && b.space == Space::arena && is_last_read(read))
      pairs.emplace_back(std::min(rounded_bytes(a, *p.symbols), rounded_bytes(b, *p.symbols)), written, read);
  }
  std::sort(pairs.rbegin(), pairs.rend());
  std::set<std::uint32_t> shared;
  std::int64_t saved = 0;
  for (const auto& [bytes, written, read] : pairs) {
    if (shared.count(written) || shared.count(read)) continue;
    shared.insert({written, read});
    saved += bytes;
  }
  return saved;
}

using Life = std::map<std::uint32_t, std::pair<std::size_t, std::size_t>>;

// What a loop touches it touches from its first trip to its last.
void live_at(const Program& p, const Call& call, std::size_t at, Life& life) {
  for (const Arg& arg : call.args)
    for (const auto& [operand, access] : operands(arg))
      if (p.buffers[operand->buffer.index].space == Space::arena) life.try_emplace(operand->buffer.index, at, at).first->second.second = at;
  for (const auto& body : call.bodies)
    for (const Call& inner : body) live_at(p, inner, at, life);
}

// The bytes that no plan can do without, from the schedule alone: what lives at a call, less what the call may write in
// the place of an operand that it reads for the last time.
std::int64_t least_bytes(const Program& p) {
  Life life;
  for (std::size_t at = 0; at < p.calls.size(); ++at) live_at(p, p.calls[at], at, life);
  std::int64_t least = 0;
  for (std::size_t at = 0; at < p.calls.size(); ++at) {
    std::int64_t bytes = 0;
    for (const auto& [buffer, range] : life)
      if (range.first <= at && at <= range.second) bytes += rounded_bytes(p.buffers[buffer], *p.symbols);
    bytes -= most_shared(p, p.calls[at], [&](std::uint32_t read) { return life.count(read) && life[read].second == at; });
    least = std::max(least, bytes);
  }
  return least;
}

class ZooArena : public Exporters {};

TEST_P(ZooArena, IsCloseToTheLeastBytes) {
  const std::vector<std::string> exporters = exports().at(GetParam());
  for (const std::string& exporter : exporters) {
    const auto graph = graph_of(exporter);
    const Program program = plan_in_blocks(*graph);
    ASSERT_TRUE(program.arena_bytes.is_constant()) << exporter;
    const auto bytes = static_cast<double>(*program.arena_bytes.constant()), least = static_cast<double>(least_bytes(program));
    RecordProperty(exporter + "_arena_bytes", std::to_string(bytes));
    RecordProperty(exporter + "_least_bytes", std::to_string(least));
    EXPECT_GE(static_cast<double>(*program.arena_lower_bound.constant()), least) << exporter;
    EXPECT_LE(least, bytes) << exporter;
    EXPECT_LE(bytes, 1.1 * least) << exporter;
  }
}

INSTANTIATE_TEST_SUITE_P(Zoo, ZooArena, testing::ValuesIn(names(1)), [](const auto& info) { return info.param; });

}  // namespace
}  // namespace inferc
