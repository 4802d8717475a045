#include <gtest/gtest.h>

#include <cmath>

#include <nlohmann/json.hpp>

#include "compiler/support/process.hpp"
#include "compiler/support/write_files.hpp"
#include "tests/cli/cli.hpp"
#include "tests/support/onnx_writer.hpp"
#include "tests/support/paths.hpp"

// Layers in float32 of which most weights are zero: for how many rows, of which shapes and densities these are left out.
namespace inferc::test {
namespace {

namespace fs = std::filesystem;

// x[rows, k] w[k, n], one weight of `every` not 0.
ModelSpec layer(std::int64_t k, std::int64_t n, std::size_t every) {
  std::vector<float> w(static_cast<std::size_t>(k * n));
  for (std::size_t i = 0; i < w.size(); i += every) w[i] = static_cast<float>(static_cast<int>(i * 2654435761U >> 20 & 1023U) - 511) / 1024;
  ModelSpec m;
  m.graph.inputs = {{"x", DType::float32, {"rows", k}}};
  m.graph.initializers = {{"w", tensor_of<float>({k, n}, w)}};
  m.graph.nodes = {{"MatMul", {"x", "w"}, {"y"}, {}, "thin"}};
  m.graph.outputs = {{"y", DType::float32, {"rows", n}}};
  return m;
}

std::string choice(const ModelSpec& m, const std::string& rows, const std::string& layers = "pruned_layers") {
  const fs::path model = written("pruned", m);
  std::vector<std::string> words{"inspect", model, "--json", model.parent_path() / "report.json"};
  if (!rows.empty()) words.insert(words.end(), {"--dim", "rows=" + rows});
  const Finished r = cli(words);
  EXPECT_EQ(r.status, 0) << r.output;
  const auto report = nlohmann::json::parse(text_of(model.parent_path() / "report.json"));
  if (!report.contains(layers)) return "not pruned";
  EXPECT_EQ(report[layers].size(), 1U);
  return report[layers][0]["zeros"];
}

constexpr const char *sparse = "left out for many rows", *dense = "kept";

TEST(Pruned, ZerosAreLeftOutWhereManyRowsMayCome) {
  EXPECT_EQ(choice(layer(256, 256, 10), ""), sparse);
  EXPECT_EQ(choice(layer(256, 256, 10), "64"), sparse);
  EXPECT_EQ(choice(layer(256, 256, 10), "0..400"), sparse);
  EXPECT_EQ(choice(layer(256, 256, 10), "63"), dense);
  EXPECT_EQ(choice(layer(256, 256, 10), "1"), dense);
}

TEST(Pruned, ZerosAreLeftOutWhereTheyAreManyAndTheLayerIsWide) {
  EXPECT_EQ(choice(layer(256, 256, 1), ""), "not pruned");
  EXPECT_EQ(choice(layer(256, 256, 2), ""), dense);
  EXPECT_EQ(choice(layer(256, 256, 5), ""), sparse);
  EXPECT_EQ(choice(layer(64, 64, 10), ""), sparse);
  EXPECT_EQ(choice(layer(16, 64, 10), ""), dense);
  EXPECT_EQ(choice(layer(64, 32, 10), ""), dense);
  EXPECT_EQ(choice(layer(2048, 64, 10), ""), dense) << "more inputs than were measured";
}

// The same between steps of 2^-4: bytes. One row of `every` has weights.
ModelSpec integers(std::int64_t k, std::int64_t n, std::size_t every) {
  ModelSpec m = layer(k, n, every);
  Tensor& w = m.graph.initializers[0].second;
  for (float& v : w.as<float>()) v = std::nearbyint(v * 127) / 128;
  const float step = 0.0625f;
  const std::int8_t zero = 0;
  m.graph.initializers.emplace_back("step", tensor_of<float>({}, std::span(&step, 1)));
  m.graph.initializers.emplace_back("zero", tensor_of<std::int8_t>({}, std::span(&zero, 1)));
  m.graph.nodes = {{"QuantizeLinear", {"x", "step", "zero"}, {"q"}, {}, "q"},
                   {"DequantizeLinear", {"q", "step", "zero"}, {"d"}, {}, "d"},
                   {"MatMul", {"d", "w"}, {"y"}, {}, "thin"}};
  return m;
}

TEST(Pruned, ZerosOfBytesAreLeftOutForManyRowsAndForFew) {
  const auto of = [](const ModelSpec& m, const std::string& rows) { return choice(m, rows, "integer_layers"); };
  EXPECT_EQ(of(integers(256, 256, 11), ""), "left out");
  EXPECT_EQ(of(integers(256, 256, 11), "0..64"), "left out");
  EXPECT_EQ(of(integers(256, 256, 11), "63"), "left out for a few rows");
  EXPECT_EQ(of(integers(256, 256, 2), ""), "kept");
  EXPECT_EQ(of(integers(256, 256, 6), ""), "left out for a few rows");
  EXPECT_EQ(of(integers(60, 256, 41), ""), "left out for many rows") << "fewer inputs than a window has";
  EXPECT_EQ(of(integers(258, 256, 19), ""), "left out for a few rows") << "no multiple of four";
  EXPECT_EQ(of(integers(1024, 64, 41), ""), "left out for a few rows") << "more groups than a run";
}

// The self-test compares the code of every path with the reference kernels, which multiply by zeros.
void every_path_gives_the_bits_of_the_reference(const std::string& name, const ModelSpec& m, const char* kernel) {
  const fs::path model = written(name, m), dir = model.parent_path();
  const Finished r = cli({"compile", model, "--dim", "rows=150", "-o", dir / "net", "--name", "net"});
  ASSERT_EQ(r.status, 0) << r.output;
  EXPECT_NE(text_of(dir / "net/net_body.hpp").find(kernel), std::string::npos);
  const std::string build = r.output.substr(r.output.find("build: ") + 7);
  const Finished done = run_process(
      {{"bash", "-c",
        build.substr(0, build.find('\n')) + " && cd " + (dir / "net").string() + " && c++ -std=c++20 net_selftest.cpp libnet.a -o selftest && ./selftest"},
       dir,
       300});
  EXPECT_EQ(done.status, 0) << done.output;
}
TEST(Pruned, EveryPathGivesTheBitsOfTheReference) { every_path_gives_the_bits_of_the_reference("pruned_paths", layer(200, 70, 11), "cpu::sparse::gemm("); }
TEST(Pruned, EveryPathGivesTheBitsOfTheReferenceOfBytes) {
  every_path_gives_the_bits_of_the_reference("pruned_bytes", integers(200, 70, 29), "cpu::quantized::blocks_linear<");
}

}  // namespace
}  // namespace inferc::test
