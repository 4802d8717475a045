#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "compiler/run/tensor_file.hpp"
#include "compiler/support/process.hpp"
#include "compiler/support/write_files.hpp"
#include "tests/cli/cli.hpp"
#include "tests/support/onnx_writer.hpp"
#include "tests/support/paths.hpp"

// --carry OUT=IN: state in the workspace, through the C++ interface, the C twin, the self-test and `inferc run`.
namespace inferc::test {
namespace {

namespace fs = std::filesystem;

Tensor floats(std::vector<std::int64_t> shape, std::vector<float> v) { return tensor_of<float>(std::move(shape), v); }

// A sum that begins with 10, the last three of x, and two values that change places: total = h + x, recent = window[1:] + [x],
// z[n] = (total + sum of recent) + (a - b) * k[n].
ModelSpec running() {
  ModelSpec m;
  m.graph.inputs = {f32("x", {1}), f32("h", {1}), f32("window", {3}), f32("a", {1}), f32("b", {1}), f32("k", {"n"})};
  m.graph.initializers = {{"h", floats({1}, {10})},
                          {"a", floats({1}, {1})},
                          {"one", tensor_of<std::int64_t>({1}, std::vector<std::int64_t>{1})},
                          {"three", tensor_of<std::int64_t>({1}, std::vector<std::int64_t>{3})}};
  m.graph.nodes = {{"Add", {"h", "x"}, {"total"}},
                   {"Slice", {"window", "one", "three"}, {"tail"}},
                   {"Concat", {"tail", "x"}, {"recent"}, {{"axis", std::int64_t{0}}}},
                   {"ReduceSum", {"recent"}, {"sum"}, {{"keepdims", std::int64_t{0}}}},
                   {"Add", {"total", "sum"}, {"both"}},
                   {"Sub", {"a", "b"}, {"turn"}},
                   {"Mul", {"turn", "k"}, {"turned"}},
                   {"Add", {"both", "turned"}, {"z"}},
                   {"Identity", {"b"}, {"a2"}},
                   {"Identity", {"a"}, {"b2"}}};
  m.graph.outputs = {f32("total", {1}), f32("z", {"n"}), f32("recent", {3}), f32("a2", {1}), f32("b2", {1})};
  m.opsets = {{"", 17}};
  return m;
}

const std::vector<std::string> carries{"--carry", "total=h", "--carry", "recent=window", "--carry", "a2=a", "--carry", "b2=b"};

std::vector<std::string> with_carries(std::vector<std::string> words) {
  words.insert(words.end(), carries.begin(), carries.end());
  return words;
}

constexpr std::string_view caller = R"(
#include <cstdio>
#include <cstdlib>
#include "net/inferc_abi.h"
#include "net/net.hpp"
extern "C" const inferc_model* net_inferc(void);
static bool meets(float got, float wanted, const char* what) {
  if (got != wanted) std::printf("%s: %g, not %g\n", what, got, wanted);
  return got == wanted;
}
int main() {
  net::Model model;
  if (model.load("net/net.weights") != net::Status::ok) return 1;
  net::Workspace first(net::Dims{2});
  const float k[] = {0, 1, 2, 3};
  float z[4] = {};
  bool ok = true;
  // x = 1, 2, 3, 4: totals 11, 13, 16, 20; sums of the last three 1, 3, 6, 9; a - b = 1, -1, 1, -1.
  const auto step = [&](net::Workspace& w, float x, float wanted) {
    ok = net::run(model, {2}, {{&x, 1}, {k, 2}}, {{z, 2}}, w) == net::Status::ok && meets(z[0], wanted, "z") && ok;
    return z[1] - z[0];
  };
  ok = meets(step(first, 1, 12), 1, "turn") && ok;
  ok = meets(step(first, 2, 16), -1, "turn") && ok;
  float x = 5;
  ok = net::run(model, {2}, {{&x, 1}, {k, 1}}, {{z, 2}}, first) == net::Status::buffer_too_small && ok;
  net::Workspace moved(static_cast<net::Workspace&&>(first));
  ok = meets(step(moved, 3, 22), 1, "turn") && ok;
  moved.reset();
  ok = meets(step(moved, 1, 12), 1, "turn") && ok;
  net::Session session("net/net.weights");
  x = 1;
  ok = meets(session({1}, {{&x, 1}, {k, 1}}).z[0], 12, "session") && ok;
  x = 2;
  ok = meets(session({4}, {{&x, 1}, {k, 4}}).z[0], 16, "larger session") && ok;
  session.reset();
  x = 1;
  ok = meets(session({4}, {{&x, 1}, {k, 4}}).z[0], 12, "session after reset") && ok;

  const inferc_model* c = net_inferc();
  const std::size_t dims[] = {2};
  void* storage = std::aligned_alloc(64, (c->model_bytes + 63) / 64 * 64);
  inferc_workspace w = {std::aligned_alloc(64, c->workspace_bytes(dims) + 64 - c->workspace_bytes(dims) % 64), c->workspace_bytes(dims), 0};
  ok = c->input_count == 2 && c->output_count == 1 && c->load(storage, "net/net.weights") == 0 && c->reset(storage, &w) == 0 && ok;
  const float steps[] = {1, 2}, wanted[] = {12, 16};
  for (int i = 0; i < 2; ++i) {
    const inferc_input in[] = {{&steps[i], 4}, {k, 8}};
    const inferc_output out[] = {{z, 8}};
    ok = c->run(storage, dims, in, out, nullptr, &w) == 0 && meets(z[0], wanted[i], "twin") && ok;
  }
  w.bytes = 1;
  ok = c->reset(storage, &w) == inferc_out_of_memory && c->reset(nullptr, &w) == inferc_bad_weights && ok;
  c->unload(storage);
  std::free(storage);
  std::free(w.data);
  return ok ? 0 : 1;
}
)";

TEST(Carry, KeepsStateBetweenCallsUntilReset) {
  const fs::path model = written("carry", running()), dir = model.parent_path();
  const Finished r = cli(with_carries({"compile", model, "-o", dir / "net", "--name", "net", "--isa", "base"}));
  ASSERT_EQ(r.status, 0) << r.output;
  write_file(dir / "caller.cpp", std::string(caller));
  const std::string build =
      "c++ -std=c++20 -Wall -Wextra -Wpedantic -Werror -ffp-contract=off -fsanitize=address,undefined -fno-sanitize-recover=all" + std::string(quick);
  shell(build + "caller.cpp net/net.cpp net/net_base.cpp -o caller && ./caller", dir);
  shell(build + "net/net_selftest.cpp net/net.cpp net/net_base.cpp -o selftest && ./selftest net/net.weights", dir);
  EXPECT_NE(text_of(dir / "net/net_selftest.cpp").find("workspace.reset()"), std::string::npos);
}

TEST(Carry, LeavesTheInterfaceAndStandsInTheManifest) {
  const fs::path model = written("carry_manifest", running()), dir = model.parent_path();
  ASSERT_EQ(cli(with_carries({"compile", model, "-o", dir / "net", "--name", "net", "--isa", "base"})).status, 0);
  const auto j = nlohmann::json::parse(text_of(dir / "net/net.json"));
  EXPECT_EQ(j["inputs"].size(), 2U);
  EXPECT_EQ(j["outputs"].size(), 1U);
  ASSERT_EQ(j["state"].size(), 4U);
  EXPECT_EQ(j["state"][0].dump(), R"({"dtype":"float32","initial":"weights","input":"h","output":"total","shape":[1]})");
  EXPECT_EQ(j["state"][1]["initial"], "zeros");
  ModelSpec fresh = running();
  fresh.graph.initializers[0].second = floats({1}, {20});
  write_model(dir / "new.onnx", fresh);
  const Finished weights = cli({"weights", dir / "new.onnx", "--for", dir / "net/net.json", "-o", dir / "new.weights"});
  EXPECT_EQ(weights.status, 0) << weights.output;
}

TEST(Carry, RunBeginsWithTheInitialState) {
  const fs::path model = written("carry_run", running()), dir = model.parent_path();
  fs::create_directory(dir / "in");
  write_file(dir / "in/x.npy", npy_file(floats({1}, {1})));
  write_file(dir / "in/k.npy", npy_file(floats({1}, {0})));
  const Finished r = cli(with_carries({"run", model, "--inputs", dir / "in", "--outputs", dir / "out"}));
  ASSERT_EQ(r.status, 0) << r.output;
  EXPECT_EQ(read_npy(dir / "out/output_0.npy").as<float>()[0], 12);
}

TEST(Carry, RefusesWhatCannotBeCarried) {
  ModelSpec m;
  m.graph.inputs = {f32("x", {"n", 3}), f32("wide", {"n", 4}), f32("other", {2, 3}), {"whole", DType::int64, {2, 3}}};
  m.graph.nodes = {{"Neg", {"x"}, {"y"}}, {"Neg", {"wide"}, {"v"}}, {"Neg", {"other"}, {"u"}}, {"Neg", {"whole"}, {"w"}}};
  m.graph.outputs = {f32("y", {"n", 3}), f32("v", {"n", 4}), f32("u", {2, 3}), {"w", DType::int64, {2, 3}}};
  const fs::path model = written("carry_refused", m);
  const auto refused = [&](std::vector<std::string> words, int status, const std::string& message) {
    words.insert(words.begin(), {"check", model});
    const Finished r = cli(words);
    EXPECT_EQ(r.status, status) << r.output;
    EXPECT_NE(r.output.find(message), std::string::npos) << r.output;
  };
  refused({"--carry", "y"}, 2, "there is no '='");
  refused({"--carry", "z=x"}, 2, "the model has no output 'z'");
  refused({"--carry", "y=z"}, 2, "the model has no input 'z'\nhelp: its inputs are x, wide, other, whole");
  refused({"--carry", "y=x", "--carry", "y=x"}, 2, "input 'x' is carried already");
  refused({"--carry", "u=whole"}, 1, "the output is f32[2, 3], the input i64[2, 3]");
  refused({"--carry", "y=other", "--dim", "n=3"}, 1, "the output is f32[3, 3], the input f32[2, 3]");
  refused({"--carry", "y=x"}, 1, "are not fixed\nhelp: --dim SYM=N fixes a size");
  EXPECT_EQ(cli({"check", model, "--carry", "y=x", "--carry", "u=other", "--dim", "n=3"}).status, 0);
}

}  // namespace
}  // namespace inferc::test
