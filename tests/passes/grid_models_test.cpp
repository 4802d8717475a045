#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "compiler/onnx/import.hpp"
#include "compiler/onnx/reader.hpp"
#include "compiler/ops/evaluate_graph.hpp"
#include "compiler/passes/grid.hpp"
#include "compiler/passes/passes.hpp"
#include "compiler/run/tensor_file.hpp"
#include "tests/support/paths.hpp"

// A wrong fact is a wrong number: what is proved of the values of quantised networks holds for every value of a run.
namespace inferc::test {
namespace {

namespace fs = std::filesystem;

std::unique_ptr<Graph> imported(const fs::path& model) {
  Diagnostics d;
  auto graph = onnx::import(onnx::read(model), d);
  EXPECT_TRUE(infer_types(*graph, d)) << model;
  run_pipeline(*graph, "canonicalise");
  return graph;
}

std::vector<fs::path> quantised_models() {
  std::vector<fs::path> out;
  for (const auto& entry : fs::recursive_directory_iterator(source_dir() / "tests/data/quantized"))
    if (entry.path().extension() == ".onnx" && entry.path().stem() != "dynamic") out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

// The first rows, as many as the graph takes or up to 40.
Tensor rows_of(const Tensor& all, const Graph& graph) {
  std::vector<std::int64_t> shape = all.shape();
  shape[0] = graph.inputs()[0]->type->shape[0].constant().value_or(std::min<std::int64_t>(40, shape[0]));
  const auto count = all.size() / static_cast<std::size_t>(all.shape()[0]) * static_cast<std::size_t>(shape[0]);
  return tensor_of<float>(shape, all.as<float>().first(count));
}

double element(const Tensor& t, std::size_t i) { return number_at<float, std::int8_t, std::uint8_t, std::int16_t, std::int32_t>(t, i).value_or(0); }

// Elements that are off their grid or out of bounds.
std::size_t broken(const grid::Grid& g, const Tensor& t) {
  std::size_t inner = 1, out = 0;
  for (std::size_t d = g.axis ? *g.axis + 1 : 0; g.axis && d < t.rank(); ++d) inner *= static_cast<std::size_t>(t.shape()[d]);
  for (std::size_t i = 0; i < t.size(); ++i) {
    const std::size_t k = g.axis ? i / inner % g.fraction.size() : 0;
    const double q = std::ldexp(element(t, i), g.fraction[k]);
    if (q == q) out += q != std::floor(q) || q < static_cast<double>(g.low[k]) || q > static_cast<double>(g.high[k]) ? 1 : 0;
  }
  return out;
}

// How many values had a fact that float32 keeps; each is checked.
std::size_t check_facts(const Graph& graph, const Tensor& input, const fs::path& model) {
  const grid::Facts facts(graph);
  std::size_t checked = 0;
  static_cast<void>(evaluate_graph(graph, {input}, {}, [&](const Node& n, std::span<const Tensor* const>, std::span<Tensor> results) {
    for (std::size_t o = 0; o < results.size(); ++o) {
      const grid::Grid* g = n.outputs[o] ? facts.of(n.outputs[o]) : nullptr;
      if (!g || !g->exact) continue;
      ++checked;
      EXPECT_EQ(broken(*g, results[o]), 0u) << model << ": " << address(n) << ", " << grid::text(*g);
    }
  }));
  return checked;
}

TEST(GridFacts, HoldInEveryStoredNetwork) {
  const auto models = quantised_models();
  ASSERT_GE(models.size(), 35u);
  std::size_t checked = 0;
  for (const fs::path& model : models) {
    const auto graph = imported(model);
    for (const char* inputs : {"inputs.npy", "edge_inputs.npy"})
      if (const fs::path path = model.parent_path() / inputs; fs::exists(path) && model.parent_path().filename() != "qonnx_nodes")
        checked += check_facts(*graph, rows_of(read_npy(path), *graph), model);
  }
  EXPECT_GT(checked, 400u);
}

// Bit for bit what the trained networks answered, by the reference kernels, before any pass that lowers them.
TEST(GridFacts, AreOfGraphsThatComputeTheTrainedNetwork) {
  for (const char* name : {"pq_mlp_pdp70", "pq_conv2d", "pq_mlp_hgq", "pq_residual_softmax"}) {
    const fs::path folder = source_dir() / "tests/data/quantized" / name;
    const auto graph = imported(folder / "model_exact.onnx");
    const Tensor x = rows_of(read_npy(folder / "inputs.npy"), *graph), want = read_npy(folder / "outputs.npy");
    const Tensor got = evaluate_graph(*graph, {x})[0];
    for (std::size_t i = 0; i < got.size(); ++i) ASSERT_EQ(got.as<float>()[i], want.as<float>()[i]) << name << " element " << i;
  }
}

}  // namespace
}  // namespace inferc::test
