#include <gtest/gtest.h>

#include "compiler/support/process.hpp"
#include "compiler/support/write_files.hpp"
#include "kernels/convert.hpp"
#include "tests/cli/cli.hpp"
#include "tests/support/onnx_writer.hpp"
#include "tests/support/paths.hpp"

// --precision bf16: the bits of float32 code whose weights are numbers of bfloat16, stored in half the bytes.
namespace inferc::test {
namespace {

namespace fs = std::filesystem;
using formats::bfloat16;

float to_bfloat16(float x) { return formats::to_float<bfloat16>(formats::from_float<bfloat16>(x)); }

// Two layers, one of them Gemm with transposed weights; the bias and what is added stay as they are.
ModelSpec layers(bool rounded, float largest = 1) {
  std::vector<float> w(64 * 64), v(64 * 20), bias(64);
  for (std::size_t i = 0; i < w.size(); ++i) w[i] = static_cast<float>(static_cast<int>(i * 2654435761U >> 12 & 0xffffU) - 0x8000) / 0x60000;
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = 3 * w[4095 - i];
  for (std::size_t i = 0; i < bias.size(); ++i) bias[i] = w[7 * i] / 3;
  w[5] = largest;
  if (rounded)
    for (auto* all : {&w, &v})
      for (float& x : *all) x = to_bfloat16(x);
  ModelSpec m;
  m.graph.inputs = {{"x", DType::float32, {"n", 64}}};
  m.graph.initializers = {{"w", tensor_of<float>({64, 64}, w)}, {"b", tensor_of<float>({64}, bias)}, {"v", tensor_of<float>({64, 20}, v)}};
  m.graph.nodes = {{"Gemm", {"x", "w", "b"}, {"p"}, {{"transB", std::int64_t{1}}}}, {"Tanh", {"p"}, {"h"}}, {"MatMul", {"h", "v"}, {"y"}}};
  m.graph.outputs = {{"y", DType::float32, {"n", 20}}};
  return m;
}

constexpr std::string_view caller = R"(
#include <cstring>
#include <vector>
#include "exact/exact.hpp"
#include "net/net.hpp"
#include "plain/plain.hpp"
int main() {
  net::Model model;
  exact::Model reference;
  plain::Model plain;
  if (model.load("net/net.weights") != net::Status::ok || reference.load("exact/exact.weights") != exact::Status::ok || plain.load("plain/plain.weights") != plain::Status::ok) return 1;
  net::Workspace w(net::max_dims);
  exact::Workspace v(exact::max_dims);
  plain::Workspace u(plain::max_dims);
  for (const std::size_t n : {1, 2, 3, 7, 8, 40}) {
    std::vector<float> x(64 * n), y(20 * n), wanted(20 * n), other(20 * n);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * 37 % 101) / 50 - 1;
    if (net::run(model, {n}, {x}, {y}, w) != net::Status::ok || exact::run(reference, {n}, {x}, {wanted}, v) != exact::Status::ok) return 2;
    if (plain::run(plain, {n}, {x}, {other}, u) != plain::Status::ok) return 3;
    if (std::memcmp(y.data(), wanted.data(), 4 * y.size()) != 0) return 4;
    if (std::memcmp(y.data(), other.data(), 4 * y.size()) == 0) return 5;
  }
}
)";

TEST(Precision, Bfloat16WeightsGiveTheBitsOfTheirValuesOnEveryPath) {
  const fs::path rounded = written("precision_exact", layers(true)), model = written("precision", layers(false)), dir = model.parent_path();
  const auto compile = [&](const fs::path& from, const std::string& name, const std::string& precision) {
    const Finished r = cli({"compile", from, "--dim", "n=0..40", "--precision", precision, "-o", dir / name, "--name", name, "--isa", "base,v3"});
    ASSERT_EQ(r.status, 0) << r.output;
  };
  compile(model, "net", "bf16"), compile(rounded, "exact", "f32"), compile(model, "plain", "f32");
  write_file(dir / "caller.cpp", std::string(caller));
  const std::string flags = "c++ -std=c++20 -Wall -Wextra -Wpedantic -Werror -ffp-contract=off -fno-math-errno" + std::string(quick);
  std::string build, objects;
  for (const std::string name : {"net", "exact", "plain"}) {
    build += flags + "-march=x86-64-v3 -c " + name + "/" + name + "_v3.cpp -o " + name + "_v3.o && ";
    objects += " " + name + "/" + name + ".cpp " + name + "/" + name + "_base.cpp " + name + "_v3.o";
  }
  const Finished done = run_process({{"bash", "-c", build + flags + "caller.cpp" + objects + " -o caller && ./caller && INFERC_ISA=base ./caller"}, dir, 300});
  EXPECT_EQ(done.status, 0) << done.output;
  EXPECT_LT(static_cast<double>(fs::file_size(dir / "net/net.weights")), 0.65 * static_cast<double>(fs::file_size(dir / "plain/plain.weights")));
  const Finished weights = cli({"weights", model, "--for", dir / "net/net.json", "-o", dir / "new.weights"});
  EXPECT_EQ(weights.status, 0) << weights.output;
  EXPECT_EQ(text_of(dir / "new.weights"), text_of(dir / "net/net.weights"));
}

TEST(Precision, WeightsThatWouldOverflowStayAsTheyAre) {
  const fs::path model = written("precision_overflow", layers(false, 3.4e38f)), dir = model.parent_path();
  ASSERT_EQ(cli({"compile", model, "--dim", "n=0..40", "--precision", "bf16", "-o", dir / "net", "--name", "net", "--isa", "base"}).status, 0);
  const std::string body = text_of(dir / "net/net_body.hpp"), calls = body.substr(body.find("// --- sizes"));
  EXPECT_NE(calls.find("reinterpret_cast<const float*>(weights + 256);  // w\n"), calls.npos) << calls;
  EXPECT_NE(calls.find("reinterpret_cast<const std::uint16_t*>(weights + "), calls.npos) << calls;
}

TEST(Precision, VerifyPrintsTheErrorOfTheWeights) {
  const fs::path model = written("precision_verify", layers(false));
  const Finished r = cli({"verify", model, "--dim", "n=0..40", "--precision", "bf16", "--against", "onnxruntime"});
  if (r.output.find("onnxruntime") != std::string::npos && r.status == 2) GTEST_SKIP() << r.output;
  EXPECT_EQ(r.status, 0) << r.output;
  EXPECT_NE(r.output.find("  --precision bf16: error 0.00"), std::string::npos) << r.output;
  EXPECT_NE(r.output.find(", of float32 "), std::string::npos) << r.output;
}

TEST(Precision, RefusesOtherFormats) {
  const fs::path model = written("precision_refused", layers(false));
  const Finished r = cli({"check", model, "--precision", "f16"});
  EXPECT_EQ(r.status, 2) << r.output;
  EXPECT_NE(r.output.find("--precision"), std::string::npos) << r.output;
  EXPECT_EQ(cli({"check", model, "--precision", "bf16"}).status, 0);
  EXPECT_EQ(cli({"verify", model.parent_path(), "--precision", "bf16"}).status, 2);
}

}  // namespace
}  // namespace inferc::test
