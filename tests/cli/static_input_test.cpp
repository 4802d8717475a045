#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "compiler/run/tensor_file.hpp"
#include "compiler/support/process.hpp"
#include "compiler/support/write_files.hpp"
#include "tests/cli/cli.hpp"
#include "tests/support/onnx_writer.hpp"
#include "tests/support/paths.hpp"

// --static-input: what depends on these inputs alone runs once, in prepare(); run() then gives the bits of the whole.
namespace inferc::test {
namespace {

namespace fs = std::filesystem;

Tensor weights(std::int64_t rows, std::int64_t columns) {
  std::vector<float> w(static_cast<std::size_t>(rows * columns));
  for (std::size_t i = 0; i < w.size(); ++i) w[i] = static_cast<float>(static_cast<int>(i * 2654435761U >> 20 & 1023U) - 512) / 2048;
  return tensor_of<float>({rows, columns}, w);
}

// A layer of the static e, joined with a layer of x, through a third; e itself is read again at the end, and `seen` is of e alone.
ModelSpec conditioned() {
  ModelSpec m;
  m.graph.inputs = {f32("x", {"n", 24}), f32("e", {"n", 8}), f32("s", {1, 48})};
  m.graph.initializers = {{"w0", weights(24, 16)}, {"w1", weights(8, 32)}, {"w2", weights(48, 48)}, {"w3", weights(8, 48)}};
  m.graph.nodes = {{"MatMul", {"e", "w1"}, {"e1"}},
                   {"Sigmoid", {"e1"}, {"e2"}},
                   {"MatMul", {"x", "w0"}, {"x1"}},
                   {"Concat", {"x1", "e2"}, {"joined"}, {{"axis", std::int64_t{1}}}},
                   {"Softmax", {"joined"}, {"p"}, {{"axis", std::int64_t{1}}}},
                   {"MatMul", {"p", "w2"}, {"q"}},
                   {"MatMul", {"e", "w3"}, {"r"}},
                   {"Tanh", {"r"}, {"rt"}},
                   {"Add", {"q", "rt"}, {"sum"}},
                   {"Add", {"sum", "s"}, {"y"}},
                   {"ReduceSum", {"y"}, {"t"}, {{"keepdims", std::int64_t{0}}}},
                   {"Softmax", {"e1"}, {"seen"}, {{"axis", std::int64_t{1}}}}};
  m.graph.outputs = {f32("y", {"n", 48}), f32("t", {}), f32("seen", {"n", 32})};
  return m;
}

constexpr std::string_view caller = R"(
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>
#include "net/net.hpp"
#include "whole/whole.hpp"
#include "net/inferc_abi.h"
extern "C" const inferc_model* net_inferc(void);

struct Result {
  std::vector<float> y, t, seen;
  explicit Result(std::size_t n) : y(48 * n, 7.0f), t(1, 7.0f), seen(32 * n, 7.0f) {}
  bool operator==(const Result& o) const { return same(y, o.y) && same(t, o.t) && same(seen, o.seen); }
  static bool same(const std::vector<float>& a, const std::vector<float>& b) { return a.empty() || std::memcmp(a.data(), b.data(), 4 * a.size()) == 0; }
};

static std::vector<float> numbers(std::size_t n, unsigned seed) {
  std::vector<float> out(n);
  for (float& f : out) f = static_cast<float>((seed = seed * 1664525u + 1013904223u) >> 16 & 1023u) / 256 - 2;
  return out;
}

#define REQUIRE(x) if (!(x)) return std::printf("line %d: %s\n", __LINE__, #x), 1

int main() {
  whole::Model reference;
  net::Model model, other;
  REQUIRE(reference.load("whole/whole.weights") == whole::Status::ok);
  REQUIRE(model.load("net/net.weights") == net::Status::ok && other.load("net/net.weights") == net::Status::ok);
  std::vector<float> s = numbers(48, 5);
  for (const std::size_t n : {1u, 3u, 17u, 0u}) {
    const std::vector<float> e = numbers(8 * n, 1), e2 = numbers(8 * n, 2);
    std::vector<std::byte> memory(64 + net::workspace_bytes({n}), std::byte{0xa5});
    net::Workspace workspace(net::Dims{n});
    whole::Workspace whole_workspace(whole::Dims{n});
    const auto wanted = [&](const std::vector<float>& x, const std::vector<float>& fixed) {
      Result r(n);
      if (whole::run(reference, {n}, {x, fixed, s}, {r.y, r.t, r.seen}, whole_workspace) != whole::Status::ok) std::abort();
      return r;
    };
    Result r(n);
    std::vector<float> x = numbers(24 * n, 9);
    REQUIRE(net::run(model, {n}, {x, s}, {r.y, r.t, r.seen}, workspace) == net::Status::not_prepared);
    REQUIRE(r == Result(n) && workspace.offender() == SIZE_MAX);
    REQUIRE(net::prepare(model, {n}, {{e.data(), n == 0 ? 0 : e.size() - 1}}, workspace) == (n == 0 ? net::Status::ok : net::Status::buffer_too_small));
    REQUIRE(net::prepare(model, {n}, {e}, workspace) == net::Status::ok);
    for (unsigned call = 0; call < 4; ++call) {
      x = numbers(24 * n, 100 + call);
      REQUIRE(net::run(model, {n}, {x, s}, {r.y, r.t, r.seen}, workspace) == net::Status::ok);
      REQUIRE(r == wanted(x, e));
    }
    // A call that fails, a workspace that moves: prepared still. Other weights, other sizes: not.
    REQUIRE(net::run(model, {n + 1}, {x, s}, {r.y, r.t, r.seen}, workspace) != net::Status::ok);
    net::Workspace moved(static_cast<net::Workspace&&>(workspace));
    REQUIRE(net::run(model, {n}, {x, s}, {r.y, r.t, r.seen}, moved) == net::Status::ok);
    REQUIRE(r == wanted(x, e));
    REQUIRE(net::run(other, {n}, {x, s}, {r.y, r.t, r.seen}, moved) == net::Status::not_prepared);
    REQUIRE(net::prepare(model, {n}, {e2}, moved) == net::Status::ok);
    REQUIRE(net::run(model, {n}, {x, s}, {r.y, r.t, r.seen}, moved) == net::Status::ok);
    REQUIRE(r == wanted(x, e2));
    net::Workspace larger(net::Dims{n + 1});
    const std::vector<float> more = numbers(24 * (n + 1), 3), more_e = numbers(8 * (n + 1), 4);
    Result big(n + 1);
    REQUIRE(net::prepare(model, {n + 1}, {more_e}, larger) == net::Status::ok);
    REQUIRE(net::run(model, {n}, {x, s}, {r.y, r.t, r.seen}, larger) == net::Status::not_prepared);
    REQUIRE(net::run(model, {n + 1}, {more, s}, {big.y, big.t, big.seen}, larger) == net::Status::ok);
    // Memory that held a prepared workspace before.
    auto at = reinterpret_cast<std::byte*>((reinterpret_cast<std::size_t>(memory.data()) + 63) / 64 * 64);
    const std::span<std::byte> own(at, net::workspace_bytes({n}));
    {
      net::Workspace first(own);
      REQUIRE(net::prepare(model, {n}, {e}, first) == net::Status::ok);
    }
    net::Workspace second(own);
    REQUIRE(net::run(model, {n}, {x, s}, {r.y, r.t, r.seen}, second) == net::Status::not_prepared);

    net::Session session("net/net.weights");
    session.prepare({n}, {e});
    const auto& results = session({n}, {x, s});
    REQUIRE(results.y == wanted(x, e).y && results.seen == wanted(x, e).seen);
  }
  const inferc_model* c = net_inferc();
  const std::size_t dims[] = {3};
  REQUIRE(c->input_count == 2 && c->static_input_count == 1 && c->static_places[0] == 1 && std::strcmp(c->static_inputs[0].name, "e") == 0);
  void* storage = std::aligned_alloc(64, (c->model_bytes + 63) / 64 * 64);
  const std::size_t bytes = c->workspace_bytes(dims);
  inferc_workspace w = {std::calloc(1, bytes + 64), bytes, 0};
  void* const block = w.data;
  w.data = reinterpret_cast<void*>((reinterpret_cast<std::size_t>(block) + 63) / 64 * 64);
  REQUIRE(c->load(storage, "net/net.weights") == 0);
  const std::vector<float> x = numbers(72, 1), e = numbers(24, 2);
  Result r(3), wanted(3);
  const inferc_input in[] = {{x.data(), 288}, {s.data(), 192}}, fixed[] = {{e.data(), 96}};
  const inferc_output out[] = {{r.y.data(), 576}, {r.t.data(), 4}, {r.seen.data(), 384}};
  REQUIRE(c->run(storage, dims, in, out, nullptr, &w) == inferc_not_prepared);
  REQUIRE(c->prepare(storage, dims, nullptr, &w) == inferc_buffer_too_small && c->prepare(nullptr, dims, fixed, &w) == inferc_bad_weights);
  REQUIRE(c->prepare(storage, dims, fixed, &w) == 0 && c->run(storage, dims, in, out, nullptr, &w) == 0);
  whole::Workspace whole_workspace(whole::Dims{3});
  REQUIRE(whole::run(reference, {3}, {x, e, s}, {wanted.y, wanted.t, wanted.seen}, whole_workspace) == whole::Status::ok && r == wanted);
  c->unload(storage);
  std::free(storage);
  std::free(block);
  return 0;
}
)";

void compile(const fs::path& model, const std::string& name, std::vector<std::string> options) {
  std::vector<std::string> words{"compile", model, "-o", model.parent_path() / name, "--name", name, "--isa", "base"};
  words.insert(words.end(), options.begin(), options.end());
  const Finished r = cli(words);
  ASSERT_EQ(r.status, 0) << r.output;
}

void builds_and_runs(const std::vector<std::string>& options) {
  const fs::path model = written(options.empty() ? "static" : "static_bounded", conditioned()), dir = model.parent_path();
  std::vector<std::string> more = options;
  compile(model, "whole", options);
  more.insert(more.end(), {"--static-input", "e"});
  compile(model, "net", more);
  write_file(dir / "caller.cpp", std::string(caller));
  const std::string build =
      "c++ -std=c++20 -Wall -Wextra -Wpedantic -Werror -ffp-contract=off -fno-math-errno -fsanitize=address,undefined -fno-sanitize-recover=all" +
      std::string(quick);
  shell(build + "-c net/net_base.cpp -o net.o", dir);
  shell(build + "-c whole/whole_base.cpp -o whole.o", dir);
  shell(build + "caller.cpp net.o whole.o net/net.cpp whole/whole.cpp -o caller && ./caller", dir);
  shell(build + "net.o net/net_selftest.cpp net/net.cpp -o selftest && ./selftest net/net.weights", dir);
}

TEST(StaticInput, RunsOnceWithTheSameBits) { builds_and_runs({}); }
TEST(StaticInput, RunsOnceWithTheSameBitsInAConstantWorkspace) { builds_and_runs({"--dim", "n=0..18"}); }

std::vector<std::string> nodes_of(const nlohmann::json& calls) {
  std::vector<std::string> out;
  for (const auto& c : calls)
    for (const auto& n : c.at("nodes")) out.push_back(n);
  return out;
}

TEST(StaticInput, WhatDependsOnItAloneIsNoPartOfTheRun) {
  ModelSpec m = conditioned();
  for (NodeSpec& n : m.graph.nodes) n.name = n.outputs[0];
  const fs::path model = written("static_manifest", m);
  compile(model, "net", {"--static-input", "e"});
  const auto j = nlohmann::json::parse(text_of(model.parent_path() / "net/net.json"));
  EXPECT_EQ(j["inputs"].size(), 2U);
  EXPECT_EQ(j["static_inputs"].dump(), R"([{"dtype":"float32","member":"e","name":"e","shape":["n",8]}])");
  const auto once = nodes_of(j["prepare"]), always = nodes_of(j["calls"]);
  const auto has = [](const std::vector<std::string>& all, const std::string& name) {
    return std::any_of(all.begin(), all.end(), [&](const std::string& n) { return n.find("'" + name + "'") != n.npos; });
  };
  for (const char* name : {"e1", "e2", "r", "rt"}) EXPECT_TRUE(has(once, name)) << name;
  for (const char* name : {"x1", "joined", "q", "seen"}) EXPECT_FALSE(has(once, name)) << name;
  for (const char* name : {"e1", "e2", "r", "rt"}) EXPECT_FALSE(has(always, name)) << name;
  for (const char* name : {"x1", "q", "seen"}) EXPECT_TRUE(has(always, name)) << name;
  const Finished weights = cli({"weights", model, "--for", model.parent_path() / "net/net.json", "-o", model.parent_path() / "new.weights"});
  EXPECT_EQ(weights.status, 0) << weights.output;
}

TEST(StaticInput, RunTakesTheFilesOfAllInputs) {
  const fs::path model = written("static_run", conditioned()), dir = model.parent_path();
  fs::create_directory(dir / "in");
  for (const auto& [name, shape] : {std::pair<std::string, std::vector<std::int64_t>>{"x", {5, 24}}, {"e", {5, 8}}, {"s", {1, 48}}}) {
    std::vector<float> v(static_cast<std::size_t>(shape[0] * shape[1]));
    for (std::size_t i = 0; i < v.size(); ++i) v[i] = static_cast<float>(i % 7) / 4 - static_cast<float>(name[0] % 3);
    write_file(dir / "in" / (name + ".npy"), npy_file(tensor_of<float>(shape, v)));
  }
  const auto outputs = [&](const std::string& folder, std::vector<std::string> options) {
    options.insert(options.begin(), {"run", model, "--inputs", dir / "in", "--outputs", dir / folder});
    const Finished r = cli(options);
    EXPECT_EQ(r.status, 0) << r.output;
    return text_of(dir / folder / "output_0.npy") + text_of(dir / folder / "output_1.npy") + text_of(dir / folder / "output_2.npy");
  };
  EXPECT_EQ(outputs("plain", {}), outputs("prepared", {"--static-input", "e"}));
  EXPECT_EQ(outputs("plain", {}), outputs("all", {"--static-input", "e,x,s"}));
}

// What is filled once and then added to by each call is filled by each call.
TEST(StaticInput, WhatEachCallWritesAgainIsNoPartOfIt) {
  ModelSpec m;
  m.graph.inputs = {f32("table", {6, 4}), f32("x", {2, 4}), {"at", DType::int64, {2}}};
  m.graph.initializers = {{"column", tensor_of<std::int64_t>({1}, std::vector<std::int64_t>{1})}};
  m.graph.nodes = {{"Unsqueeze", {"at", "column"}, {"rows"}}, {"ScatterND", {"table", "rows", "x"}, {"y"}, {{"reduction", std::string("add")}}}};
  m.graph.outputs = {f32("y", {6, 4})};
  m.opsets = {{"", 17}};
  const fs::path model = written("static_scatter", m), dir = model.parent_path();
  compile(model, "net", {"--static-input", "table,at"});
  write_file(dir / "caller.cpp", R"(
#include "net/net.hpp"
int main() {
  net::Model model;
  if (model.load("net/net.weights") != net::Status::ok) return 1;
  net::Workspace w(net::Dims{});
  float table[24] = {1, 1, 1, 1}, x[8] = {1, 2, 3, 4, 5, 6, 7, 8}, y[24];
  std::int64_t at[2] = {0, 6};
  if (net::prepare(model, {}, {table, at}, w) != net::Status::index_out_of_range) {
    if (net::run(model, {}, {x}, {y}, w) != net::Status::index_out_of_range) return 2;
  }
  at[1] = 2;
  if (net::prepare(model, {}, {table, at}, w) != net::Status::ok) return 3;
  for (int call = 0; call < 3; ++call)
    if (net::run(model, {}, {x}, {y}, w) != net::Status::ok || y[0] != 2 || y[8] != 5) return 4 + call;
  return 0;
}
)");
  shell("c++ -std=c++20 -O1 -ffp-contract=off -fno-math-errno caller.cpp net/net.cpp net/net_base.cpp -o caller && ./caller", dir);
}

TEST(StaticInput, GoesWithCarryAndThreads) {
  ModelSpec m;
  m.graph.inputs = {f32("x", {4, 8}), f32("h", {4, 16}), f32("e", {4, 8})};
  m.graph.initializers = {{"w", weights(8, 16)}};
  m.graph.nodes = {{"MatMul", {"e", "w"}, {"a"}}, {"MatMul", {"x", "w"}, {"b"}}, {"Add", {"a", "b"}, {"c"}}, {"Add", {"c", "h"}, {"y"}}, {"Neg", {"y"}, {"z"}}};
  m.graph.outputs = {f32("y", {4, 16}), f32("z", {4, 16})};
  const fs::path model = written("static_carry", m), dir = model.parent_path();
  compile(model, "net", {"--static-input", "e", "--carry", "y=h", "--threads"});
  const std::string build = "c++ -std=c++20 -O1 -Wall -Wextra -Wpedantic -Werror -ffp-contract=off -fno-math-errno -pthread -c ";
  for (const char* file : {"net", "net_base", "net_selftest"}) shell(build + "net/" + file + ".cpp -o " + file + ".o", dir);
  shell("c++ -pthread net.o net_base.o net_selftest.o -o selftest && ./selftest net/net.weights", dir);
}

TEST(StaticInput, RefusesWhatCannotBe) {
  const fs::path model = written("static_refused", conditioned());
  const auto refused = [&](std::vector<std::string> words, int status, const std::string& message) {
    words.insert(words.begin(), {"check", model});
    const Finished r = cli(words);
    EXPECT_EQ(r.status, status) << r.output;
    EXPECT_NE(r.output.find(message), std::string::npos) << r.output;
  };
  refused({"--static-input", "k"}, 2, "--static-input k: the model has no such input\nhelp: its inputs are x, e, s");
  refused({"--static-input", "e,e"}, 2, "named twice");
  refused({"--static-input", "e", "--assume", "e=1"}, 2, "assumed to be of one value");
  refused({"--static-input", "x", "--outputs", "seen"}, 1, "no output that is kept needs it");
  refused({"--static-input", "e", "--batch", "n", "--outputs", "y"}, 1, "--batch with --static-input");
}

}  // namespace
}  // namespace inferc::test
