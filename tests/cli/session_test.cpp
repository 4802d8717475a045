#include <algorithm>

#include <gtest/gtest.h>

#include "compiler/support/write_files.hpp"
#include "tests/cli/cli.hpp"

// The class Session of N.hpp, and N.hpp's length.
namespace inferc::test {
namespace {

namespace fs = std::filesystem;

// Results of one element, of bytes that are bool, and of a size that the call finds out.
constexpr std::string_view caller = R"(
#include "net/net.hpp"
int main() {
  net::Session session("net/net.weights");
  const float x[] = {-1, 2, -3, 4, 5, -6}, more[] = {-1, 2, -3, 4, 5, -6, -7, 8, 9};
  const net::Session::Results& r = session({2}, {x});
  if (r.sum.size() != 1 || r.sum[0] != 1 || r.positive.size() != 6 || r.positive[0] || !r.positive[1]) return 1;
  if (r.at_d1 != 3 || r.at.size() != 6 || r.at[1] != 1 || r.at[5] != 1) return 2;
  session({3}, {more});
  return r.sum[0] == 11 && r.positive.size() == 9 && r.positive[7] && r.at_d1 == 5 && r.at.size() == 10 ? 0 : 3;
}
)";

fs::path signs() {
  ModelSpec m;
  m.graph.inputs = {f32("x", {"n", 3})};
  m.graph.initializers = {{"zero", tensor_of<float>({1}, std::vector<float>{0})}};
  m.graph.nodes = {{"Greater", {"x", "zero"}, {"positive"}}, {"NonZero", {"positive"}, {"at"}}, {"ReduceSum", {"x"}, {"sum"}, {{"keepdims", std::int64_t{0}}}}};
  m.graph.outputs = {{"positive", DType::boolean, {"n", 3}}, f32("sum", {}), {"at", DType::int64, {2, "at_d1"}}};
  return written("session", m);
}

TEST(Session, GivesResultsOfEveryKind) {
  const fs::path model = signs(), dir = model.parent_path();
  const Finished r = cli({"compile", model, "-o", dir / "net", "--name", "net", "--isa", "base"});
  ASSERT_EQ(r.status, 0) << r.output;
  write_file(dir / "caller.cpp", std::string(caller));
  const std::string build = "c++ -std=c++20 -Wall -Wextra -Wpedantic -Wconversion -Werror -ffp-contract=off" + std::string(quick);
  for (const char* exceptions : {"-fsanitize=address,undefined -fno-sanitize-recover=all ", "-fno-exceptions -fno-rtti "})
    shell(build + exceptions + "caller.cpp net/net.cpp net/net_base.cpp -o caller && ./caller", dir);
}

TEST(Session, StandsInAShortHeader) {
  const fs::path dir = scratch_dir("short_header");
  const Finished r = cli({"compile", fs::path(SOURCE_DIR) / "models/jets/gn2_small.onnx", "--dim", "n_tracks=0..40", "-o", dir, "--name", "gn2"});
  ASSERT_EQ(r.status, 0) << r.output;
  EXPECT_LE(std::ranges::count(text_of(dir / "gn2.hpp"), '\n'), 86);
}

}  // namespace
}  // namespace inferc::test
