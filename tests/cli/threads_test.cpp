#include <gtest/gtest.h>

#include "compiler/support/process.hpp"
#include "compiler/support/write_files.hpp"
#include "tests/cli/cli.hpp"
#include "tests/support/heads_by_type.hpp"
#include "tests/support/onnx_writer.hpp"
#include "tests/support/paths.hpp"

// --threads: run(..., Pool&) gives the bits of run() with any number of workers.
namespace inferc::test {
namespace {

namespace fs = std::filesystem;

// Two layers over rows, a softmax, and a sum over the rows. Of the weights one of `every` is not 0.
ModelSpec layers(std::size_t every = 1) {
  std::vector<float> w(64 * 64);
  for (std::size_t i = 0; i < w.size(); i += every) w[i] = static_cast<float>(static_cast<int>(i * 2654435761U >> 20 & 1023U) - 512) / 4096;
  ModelSpec m;
  m.graph.inputs = {{"x", DType::float32, {"n", 64}}};
  m.graph.initializers = {{"w", tensor_of<float>({64, 64}, w)}, {"rows", tensor_of<std::int64_t>({1}, std::vector<std::int64_t>{0})}};
  m.graph.nodes = {{"MatMul", {"x", "w"}, {"p"}},
                   {"Relu", {"p"}, {"h"}},
                   {"MatMul", {"h", "w"}, {"q"}},
                   {"Softmax", {"q"}, {"y"}, {{"axis", std::int64_t{1}}}},
                   {"ReduceSum", {"y", "rows"}, {"s"}}};
  m.graph.outputs = {{"y", DType::float32, {"n", 64}}, {"s", DType::float32, {1, 64}}};
  return m;
}

// Softmax(q k^T) v of four heads, between layers that split and join them.
ModelSpec heads() {
  ModelSpec m;
  std::vector<float> w(64 * 192);
  for (std::size_t i = 0; i < w.size(); ++i) w[i] = static_cast<float>(static_cast<int>(i * 2654435761U >> 20 & 1023U) - 512) / 4096;
  const auto whole = [](std::vector<std::int64_t> v) { return tensor_of<std::int64_t>({static_cast<std::int64_t>(v.size())}, v); };
  m.graph.inputs = {{"x", DType::float32, {"n", 64}}};
  m.graph.initializers = {{"w", tensor_of<float>({64, 192}, w)},
                          {"heads", whole({0, 3, 4, 16})},
                          {"rows", whole({0, 64})},
                          {"axis", whole({0})},
                          {"quarter", tensor_of<float>({}, std::vector<float>{0.25f})},
                          {"sum_rows", whole({0})}};
  m.graph.nodes = {{"MatMul", {"x", "w"}, {"qkv"}},
                   {"Reshape", {"qkv", "heads"}, {"parts"}},
                   {"Transpose", {"parts"}, {"by_head"}, {{"perm", std::vector<std::int64_t>{1, 2, 0, 3}}}},
                   {"Split", {"by_head"}, {"q1", "k1", "v1"}, {{"axis", std::int64_t{0}}, {"num_outputs", std::int64_t{3}}}},
                   {"Squeeze", {"q1", "axis"}, {"q"}},
                   {"Squeeze", {"k1", "axis"}, {"k"}},
                   {"Squeeze", {"v1", "axis"}, {"v"}},
                   {"Transpose", {"k"}, {"kt"}, {{"perm", std::vector<std::int64_t>{0, 2, 1}}}},
                   {"MatMul", {"q", "kt"}, {"raw"}},
                   {"Mul", {"raw", "quarter"}, {"scores"}},
                   {"Softmax", {"scores"}, {"p"}, {{"axis", std::int64_t{-1}}}},
                   {"MatMul", {"p", "v"}, {"o"}},
                   {"Transpose", {"o"}, {"joined"}, {{"perm", std::vector<std::int64_t>{1, 0, 2}}}},
                   {"Reshape", {"joined", "rows"}, {"y"}},
                   {"ReduceSum", {"y", "sum_rows"}, {"s"}}};
  m.graph.outputs = {{"y", DType::float32, {"n", 64}}, {"s", DType::float32, {1, 64}}};
  m.opsets = {{"", 18}};
  return m;
}

// Products of small matrices with their transposes, one for each row of x: each worker packs them into scratch.
ModelSpec squares() {
  ModelSpec m;
  const auto whole = [](std::vector<std::int64_t> v) { return tensor_of<std::int64_t>({static_cast<std::int64_t>(v.size())}, v); };
  m.graph.inputs = {{"x", DType::float32, {"n", 64}}};
  m.graph.initializers = {{"square", whole({0, 8, 8})}, {"rows", whole({0, 64})}, {"sum_rows", whole({0})}};
  m.graph.nodes = {{"Reshape", {"x", "square"}, {"a"}},
                   {"Transpose", {"a"}, {"b"}, {{"perm", std::vector<std::int64_t>{0, 2, 1}}}},
                   {"MatMul", {"a", "b"}, {"c"}},
                   {"Reshape", {"c", "rows"}, {"y"}},
                   {"ReduceSum", {"y", "sum_rows"}, {"s"}}};
  m.graph.outputs = {{"y", DType::float32, {"n", 64}}, {"s", DType::float32, {1, 64}}};
  m.opsets = {{"", 18}};
  return m;
}

constexpr std::string_view caller = R"(
#include <cstring>
#include <vector>
#include "net/net.hpp"
int main() {
  net::Model model;
  if (model.load("net/net.weights") != net::Status::ok) return 1;
  net::Workspace one(net::max_dims), shared(net::max_dims);
  std::vector<float> x(400 * 64), y(x.size()), wanted(x.size()), s(64), wanted_s(64);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 13) - 6;
  net::Pool pools[] = {net::Pool(1), net::Pool(2), net::Pool(3)};
  for (int repeat = 0; repeat < REPEATS; ++repeat)
    for (const std::size_t n : std::initializer_list<std::size_t>{0, 1, 7, 17, 100, 399, 400}) {
      const net::Inputs in{{x.data(), 64 * n}};
      if (net::run(model, {n}, in, {wanted, wanted_s}, one) != net::Status::ok) return 2;
      for (net::Pool& pool : pools) {
        if (net::run(model, {n}, in, {y, s}, shared, pool) != net::Status::ok) return 3;
        if (std::memcmp(y.data(), wanted.data(), 256 * n) != 0 || std::memcmp(s.data(), wanted_s.data(), 256) != 0) return 4;
      }
    }
  if (net::run(model, {401}, {x}, {y, s}, shared, pools[1]) != net::Status::dim_out_of_bounds) return 5;
  return pools[2].workers() == 3 ? 0 : 6;
}
)";

void any_number_of_workers(const std::string& test, const ModelSpec& network, const std::string& shared) {
  const fs::path dir = scratch_dir(test), model = dir / "model.onnx";
  write_model(model, network);
  const Finished r = cli({"compile", model, "--dim", "n=0..400", "--threads", "-o", dir / "net", "--name", "net", "--isa", "v3"});
  ASSERT_EQ(r.status, 0) << r.output;
  EXPECT_NE(text_of(dir / "net/net_body.hpp").find(shared), std::string::npos);
  write_file(dir / "caller.cpp", std::string(caller));
  const std::string build = "c++ -std=c++20 -Wall -Wextra -Wpedantic -Werror -ffp-contract=off -fno-math-errno -O1 ";
  const auto with = [&](const std::string& flags) {
    return build + flags + "-march=x86-64-v3 -c net/net_v3.cpp -o v3.o && " + build + flags + "-pthread caller.cpp net/net.cpp v3.o -o caller && ./caller";
  };
  shell(with("-fno-exceptions -DREPEATS=20 "), dir);
  shell(with("-DREPEATS=3 -fsanitize=thread -g -Dalways_inline=unused "), dir);
}

TEST(Threads, AnyNumberOfWorkersGivesTheSameBits) { any_number_of_workers("threads", layers(), "cpu::split(team, n, "); }
TEST(Threads, GivesEachWorkerScratchOfItsOwn) { any_number_of_workers("thread_scratch", squares(), "{ cpu::matmul_transposed(units, "); }
TEST(Threads, SharesTheRowsOfPrunedLayers) { any_number_of_workers("thread_pruned", layers(13), "{ cpu::sparse::gemm(units, "); }
TEST(Threads, SharesTheHeadsOfAttention) { any_number_of_workers("thread_heads", heads(), "{ cpu::attention(units, "); }

TEST(Threads, SharesTheRowsOfAType) { any_number_of_workers("thread_types", heads_by_type("y", "s"), "cpu::split(team, rows_0_d0, "); }

TEST(Threads, WithoutTheOptionNothingOfThemIsThere) {
  const fs::path dir = scratch_dir("no_threads"), model = dir / "model.onnx";
  write_model(model, layers());
  ASSERT_EQ(cli({"compile", model, "--dim", "n=0..400", "-o", dir / "net", "--name", "net", "--isa", "base"}).status, 0);
  EXPECT_FALSE(fs::exists(dir / "net/inferc_pool.hpp"));
  for (const char* file : {"net.hpp", "net.cpp", "net_body.hpp", "net_base.cpp"})
    for (const char* word : {"Pool", "Team", "team", "fork"}) EXPECT_EQ(text_of(dir / "net" / file).find(word), std::string::npos) << file << " " << word;
}

}  // namespace
}  // namespace inferc::test
