#include <fstream>

#include <gtest/gtest.h>

#include "compiler/support/process.hpp"
#include "tests/cli/cli.hpp"
#include "tests/support/onnx_writer.hpp"
#include "tests/support/paths.hpp"

// `inferc weights`: what may change in a model whose code is in use, and what may not.
namespace inferc::test {
namespace {

namespace fs = std::filesystem;

std::vector<float> ramp(std::size_t n, float from, float step) {
  std::vector<float> out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = from + step * static_cast<float>(i);
  return out;
}

struct Constants {
  float weights = 0.1F, lower = -1, epsilon = 1e-5F;
  std::vector<std::int64_t> table{2, 0, 1, 3}, shape{-1, 2, 2};
};

// Gather of columns, Gemm + BatchNormalization, Clip, LayerNormalization, MatMul, Reshape.
ModelSpec network(const Constants& c = {}) {
  ModelSpec m;
  const auto constant = [&](const std::string& name, std::vector<std::int64_t> shape, float from) {
    std::size_t n = 1;
    for (const std::int64_t d : shape) n *= static_cast<std::size_t>(d);
    m.graph.initializers.emplace_back(name, tensor_of<float>(shape, ramp(n, from, 0.03F)));
  };
  m.graph.inputs = {{"x", DType::float32, {"n", 4}}};
  for (const char* name : {"scale", "shift", "mean", "variance", "bias", "gain"}) constant(name, {4}, c.weights + 1);
  constant("w", {4, 4}, c.weights);
  constant("v", {4, 4}, c.weights + 0.5F);
  m.graph.initializers.emplace_back("table", tensor_of<std::int64_t>({4}, c.table));
  m.graph.initializers.emplace_back("shape", tensor_of<std::int64_t>({static_cast<std::int64_t>(c.shape.size())}, c.shape));
  m.graph.initializers.emplace_back("lower", tensor_of<float>({}, std::vector<float>{c.lower}));
  m.graph.nodes = {{"Gather", {"x", "table"}, {"g"}, {{"axis", std::int64_t{1}}}, "pick"},
                   {"Gemm", {"g", "w", "bias"}, {"h"}, {}, "dense"},
                   {"BatchNormalization", {"h", "scale", "shift", "mean", "variance"}, {"b"}, {{"epsilon", c.epsilon}}, "normalise"},
                   {"Clip", {"b", "lower"}, {"k"}, {}, "clip"},
                   {"LayerNormalization", {"k", "gain", "shift"}, {"l"}, {}, "layer"},
                   {"MatMul", {"l", "v"}, {"p"}, {}, "product"},
                   {"Reshape", {"p", "shape"}, {"r"}, {}, "fold"},
                   {"ReduceMax", {"r"}, {"y"}, {{"axes", std::vector<std::int64_t>{1}}, {"keepdims", std::int64_t{0}}}, "largest"}};
  m.graph.outputs = {{"y", DType::float32, {}, false}};
  return m;
}

struct Outcome {
  Finished weights;
  std::string written, fresh;  // N.weights by `inferc weights` and by `inferc compile`
};

Outcome exchanged(const std::string& test, const ModelSpec& before, const ModelSpec& after, const std::string& dim) {
  const fs::path dir = scratch_dir(test);
  write_model(dir / "old.onnx", before);
  write_model(dir / "new.onnx", after);
  for (const char* which : {"old", "new"}) {
    const Finished r = cli({"compile", dir / (std::string(which) + ".onnx"), "-o", dir / which, "--name", "net", "--dim", dim});
    EXPECT_EQ(r.status, 0) << r.output;
  }
  Outcome out{cli({"weights", dir / "new.onnx", "--for", dir / "old/net.json", "-o", dir / "net.weights"}), {}, text_of(dir / "new/net.weights")};
  out.written = text_of(dir / "net.weights");
  return out;
}

void expect_fit(const std::string& test, const ModelSpec& before, const ModelSpec& after, const std::string& dim = "n=0..8") {
  const Outcome o = exchanged(test, before, after, dim);
  EXPECT_EQ(o.weights.status, 0) << o.weights.output;
  EXPECT_FALSE(o.fresh.empty());
  EXPECT_TRUE(o.written == o.fresh) << test;
}

void expect_refusal(const std::string& test, const ModelSpec& before, const ModelSpec& after, const std::string& node, const std::string& dim = "n=0..8") {
  const Outcome o = exchanged(test, before, after, dim);
  EXPECT_EQ(o.weights.status, 1) << test;
  EXPECT_NE(o.weights.output.find("'" + node + "'"), std::string::npos) << o.weights.output;
  EXPECT_TRUE(o.written.empty()) << test;
}

TEST(Weights, OfProductsNormalisationsAndWhatIsFoldedIntoThemMayChange) {
  expect_fit("weights_all", network(), network({.weights = 0.7F}));
  expect_fit("weights_folded", network(), network({.epsilon = 1e-3F}));
}

TEST(Weights, ThatAreConstantsOfTheCodeMayNot) {
  expect_refusal("weights_table", network(), network({.table = {0, 1, 2, 3}}), "pick");
  expect_refusal("weights_bound", network(), network({.lower = -2}), "clip");
  expect_refusal("weights_shape", network(), network({.shape = {-1, 4, 1}}), "largest");
}

// Two products, by equal matrices if `second` is 0.
ModelSpec products(float second) {
  ModelSpec m;
  m.graph.inputs = {{"x", DType::float32, {"n", 4}}};
  m.graph.initializers = {{"w", tensor_of<float>({4, 4}, ramp(16, 0, 0.1F))}, {"v", tensor_of<float>({4, 4}, ramp(16, second, 0.1F))}};
  m.graph.nodes = {{"MatMul", {"x", "w"}, {"h"}, {}, "first"}, {"Relu", {"h"}, {"r"}}, {"MatMul", {"r", "v"}, {"y"}, {}, "second"}};
  m.graph.outputs = {{"y", DType::float32, {"n", 4}}};
  return m;
}

// A layer of which one weight of 13 is not 0, from `first` on.
ModelSpec pruned(std::size_t first, float scale) {
  ModelSpec m;
  std::vector<float> w(64 * 64);
  for (std::size_t i = first; i < w.size(); i += 13) w[i] = scale * static_cast<float>(i % 7 + 1);
  m.graph.inputs = {{"x", DType::float32, {"n", 64}}};
  m.graph.initializers = {{"w", tensor_of<float>({64, 64}, w)}};
  m.graph.nodes = {{"MatMul", {"x", "w"}, {"y"}, {}, "thin"}};
  m.graph.outputs = {{"y", DType::float32, {"n", 64}}};
  return m;
}

TEST(Weights, OfPrunedLayersMayChangeWhereTheyAreNotZero) {
  expect_fit("weights_pruned", pruned(0, 0.1F), pruned(0, 1e-20F), "n=0..100");
  expect_refusal("weights_unpruned", pruned(0, 0.1F), pruned(1, 0.1F), "thin", "n=0..100");
}

TEST(Weights, ThatAreStoredOnceMayNotBecomeTwo) { expect_refusal("weights_tied", products(0), products(1), "second"); }

TEST(Weights, OfAnotherStructureNameTheNode) {
  ModelSpec other = network();
  other.graph.nodes[4].attributes.emplace_back("epsilon", 1e-2F);
  expect_refusal("weights_attribute", network(), other, "layer");
  other = network();
  other.graph.nodes[7].op = "ReduceMin";
  expect_refusal("weights_operator", network(), other, "largest");
}

}  // namespace
}  // namespace inferc::test
