#include <gtest/gtest.h>
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

std::string choice(const ModelSpec& m, const std::string& rows) {
  const fs::path model = written("pruned", m);
  std::vector<std::string> words{"inspect", model, "--json", model.parent_path() / "report.json"};
  if (!rows.empty()) words.insert(words.end(), {"--dim", "rows=" + rows});
  const Finished r = cli(words);
  EXPECT_EQ(r.status, 0) << r.output;
  const auto report = nlohmann::json::parse(text_of(model.parent_path() / "report.json"));
  if (!report.contains("pruned_layers")) return "not pruned";
  EXPECT_EQ(report["pruned_layers"].size(), 1U);
  return report["pruned_layers"][0]["zeros"];
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

// The self-test compares the code of every path with the reference kernels, which multiply by zeros.
TEST(Pruned, EveryPathGivesTheBitsOfTheReference) {
  const fs::path model = written("pruned_paths", layer(200, 70, 11)), dir = model.parent_path();
  const Finished r = cli({"compile", model, "--dim", "rows=150", "-o", dir / "net", "--name", "net"});
  ASSERT_EQ(r.status, 0) << r.output;
  EXPECT_NE(text_of(dir / "net/net_body.hpp").find("cpu::sparse::gemm("), std::string::npos);
  const std::string build = r.output.substr(r.output.find("build: ") + 7);
  const Finished done = run_process(
      {{"bash", "-c",
        build.substr(0, build.find('\n')) + " && cd " + (dir / "net").string() + " && c++ -std=c++20 net_selftest.cpp libnet.a -o selftest && ./selftest"},
       dir,
       300});
  EXPECT_EQ(done.status, 0) << done.output;
}

}  // namespace
}  // namespace inferc::test
