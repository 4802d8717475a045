#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "compiler/support/process.hpp"
#include "compiler/support/write_files.hpp"
#include "tests/cli/cli.hpp"
#include "tests/support/onnx_writer.hpp"
#include "tests/support/paths.hpp"

// --profile: counters in the Workspace, and the table of `inferc bench`.
namespace inferc::test {
namespace {

namespace fs = std::filesystem;

ModelSpec layers() {
  std::vector<float> w(64 * 64, 0.125f);
  ModelSpec m;
  m.graph.inputs = {{"x", DType::float32, {"n", 64}}};
  m.graph.initializers = {{"w", tensor_of<float>({64, 64}, w)}};
  m.graph.nodes = {{"MatMul", {"x", "w"}, {"p"}, {}, "first"}, {"Relu", {"p"}, {"h"}}, {"Softmax", {"h"}, {"y"}, {{"axis", std::int64_t{1}}}, "last"}};
  m.graph.outputs = {{"y", DType::float32, {"n", 64}}};
  return m;
}

constexpr std::string_view caller = R"(
#include <cstring>
#include "net/net.hpp"
#include "plain/plain.hpp"
int main() {
  net::Model model;
  plain::Model reference;
  if (model.load("net/net.weights") != net::Status::ok || reference.load("plain/plain.weights") != plain::Status::ok) return 1;
  net::Workspace w(net::max_dims);
  plain::Workspace v(plain::max_dims);
  std::vector<float> x(400 * 64, 0.5f), y(x.size()), wanted(x.size());
  if (w.runs() != 0 || w.call_ns(0) != 0) return 2;
  for (std::uint64_t i = 1; i <= 10; ++i)
    if (net::run(model, {400}, {x}, {y}, w) != net::Status::ok || w.runs() != i) return 3;
  if (plain::run(reference, {400}, {x}, {wanted}, v) != plain::Status::ok || std::memcmp(y.data(), wanted.data(), 4 * y.size()) != 0) return 4;
  double sum = 0;
  for (std::size_t c = 0; c < net::Workspace::profiled_calls; ++c) sum += w.call_ns(c);
  if (!(sum > 1e3 && sum < 1e9) || w.call_ns(net::Workspace::profiled_calls) != 0) return 5;
  net::Workspace moved(static_cast<net::Workspace&&>(w));
  if (moved.runs() != 10) return 6;
  if (net::run(model, {401}, {x}, {y}, moved) != net::Status::dim_out_of_bounds || moved.runs() != 10) return 7;
  moved.reset_profile();
  return moved.runs() == 0 && net::Workspace(std::span<std::byte>()).runs() == 0 ? 0 : 8;
}
)";

TEST(Profile, CountsCallsInTheWorkspaceAndLeavesTheBitsAlone) {
  const fs::path dir = scratch_dir("profile"), model = dir / "model.onnx";
  write_model(model, layers());
  for (const char* name : {"plain", "net"}) {
    std::vector<std::string> words{"compile", model, "--dim", "n=0..400", "-o", dir / name, "--name", name, "--isa", "base"};
    if (std::string(name) == "net") words.emplace_back("--profile");
    const Finished r = cli(words);
    ASSERT_EQ(r.status, 0) << r.output;
  }
  for (const char* file : {"plain.hpp", "plain.cpp", "plain_body.hpp"}) EXPECT_EQ(text_of(dir / "plain" / file).find("profile"), std::string::npos) << file;
  write_file(dir / "caller.cpp", std::string(caller));
  const std::string build =
      "c++ -std=c++20 -Wall -Wextra -Wpedantic -Werror -ffp-contract=off -fno-math-errno -fsanitize=address,undefined -fno-sanitize-recover=all" +
      std::string(quick);
  const Finished done =
      run_process({{"bash", "-c", build + "caller.cpp net/net.cpp net/net_base.cpp plain/plain.cpp plain/plain_base.cpp -o caller && ./caller"}, dir, 300});
  EXPECT_EQ(done.status, 0) << done.output;
  const Finished weights = cli({"weights", model, "--for", dir / "net/net.json", "-o", dir / "new.weights"});
  EXPECT_EQ(weights.status, 0) << weights.output;
}

TEST(Profile, BenchTellsTheTimeOfEachCallAndItsNodes) {
  const fs::path dir = scratch_dir("profile_bench"), model = dir / "model.onnx";
  write_model(model, layers());
  const Finished r = cli({"bench", model, "--dim", "n=400", "--seconds", "0.05", "--profile", "--json", dir / "bench.json"});
  ASSERT_EQ(r.status, 0) << r.output;
  EXPECT_NE(r.output.find("MatMul 'first'"), std::string::npos) << r.output;
  const auto profile = nlohmann::json::parse(text_of(dir / "bench.json"))["profile"];
  double share = 0;
  for (const auto& c : profile["calls"]) share += c["share"].get<double>();
  EXPECT_NEAR(share, 1, 1e-6);
  const auto& products = *std::find_if(profile["calls"].begin(), profile["calls"].end(), [](const auto& c) { return c["kernel"] == "cpu::gemm"; });
  EXPECT_EQ(products["flops"].get<std::int64_t>() / (2 * 400 * 64 * 64), 1);
  EXPECT_GT(products["gflops"].get<double>(), 0);
}

}  // namespace
}  // namespace inferc::test
