#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "compiler/run/tensor_file.hpp"
#include "compiler/support/write_files.hpp"
#include "tests/cli/cli.hpp"
#include "tests/support/onnx_writer.hpp"
#include "tests/support/paths.hpp"

// --assume INPUT=VALUE: inputs of one value leave the interface, and masks of ones cost nothing.
namespace inferc::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// Mean over the rows that a mask leaves, `power` times itself: y = mean(x * mask) / sum(mask), z = y ^ power.
ModelSpec masked_mean() {
  ModelSpec m;
  m.graph.inputs = {{"mask", DType::float32, {"n", 1}}, {"x", DType::float32, {"n", 3}}, {"repeats", DType::int64, {1}}};
  m.graph.initializers = {{"rows", tensor_of<std::int64_t>({1}, std::vector<std::int64_t>{0})}};
  m.graph.nodes = {{"Mul", {"x", "mask"}, {"kept"}},
                   {"ReduceSum", {"kept", "rows"}, {"sum"}, {{"keepdims", std::int64_t{0}}}},
                   {"ReduceSum", {"mask", "rows"}, {"count"}, {{"keepdims", std::int64_t{0}}}},
                   {"Div", {"sum", "count"}, {"y"}},
                   {"Tile", {"y", "repeats"}, {"z"}}};
  m.graph.outputs = {{"z", DType::float32, {"k"}}};
  return m;
}

Json manifest_of(const fs::path& model, std::vector<std::string> options) {
  const fs::path out = model.parent_path() / "out";
  std::vector<std::string> words{"compile", model, "-o", out, "--name", "net", "--isa", "base"};
  words.insert(words.end(), options.begin(), options.end());
  const Finished r = cli(words);
  EXPECT_EQ(r.status, 0) << r.output;
  return Json::parse(text_of(out / "net.json"));
}

TEST(Assume, TheInputLeavesTheInterfaceAndSizesFollowFromIt) {
  const fs::path model = written("assume", masked_mean());
  const Json j = manifest_of(model, {"--dim", "n=1..8", "--assume", "mask=1", "--assume", "repeats=2"});
  ASSERT_EQ(j["inputs"].size(), 1U);
  EXPECT_EQ(j["inputs"][0]["name"], "x");
  EXPECT_EQ(j["outputs"][0]["shape"], Json::array({6}));
  EXPECT_EQ(text_of(model.parent_path() / "out/net_body.hpp").find("functors::mul::apply"), std::string::npos);
}

TEST(Assume, TheMaskCostsNothing) {
  const std::vector<std::string> bounds{"--dim", "n_pf=8..64"};
  const fs::path model = scratch_dir("assume_particlenet") / "model.onnx";
  fs::copy_file(fs::path(SOURCE_DIR) / "models/jets/particlenet_lite.onnx", model);
  const Json whole = manifest_of(model, bounds), assumed = manifest_of(model, {"--dim", "n_pf=8..64", "--assume", "pf_mask=1"});
  EXPECT_LT(assumed["calls"].size(), whole["calls"].size());
  EXPECT_EQ(assumed["inputs"].size() + 1, whole["inputs"].size());
}

TEST(Assume, RunGivesTheBitsOfTheMaskGiven) {
  const fs::path model = written("assume_run", masked_mean()), dir = model.parent_path();
  fs::create_directory(dir / "in");
  write_file(dir / "in/x.npy", npy_file(tensor_of<float>({2, 3}, std::vector<float>{1, 2, 3, 5, 8, 13})));
  write_file(dir / "in/mask.npy", npy_file(tensor_of<float>({2, 1}, std::vector<float>{1, 1})));
  const std::vector<std::string> words{"run", model, "--assume", "repeats=1", "--inputs", dir / "in", "--outputs"};
  const auto result = [&](std::vector<std::string> more, const fs::path& out) {
    std::vector<std::string> all = words;
    all.push_back(out);
    all.insert(all.end(), more.begin(), more.end());
    const Finished r = cli(all);
    EXPECT_EQ(r.status, 0) << r.output;
    return read_npy(out / "output_0.npy");
  };
  const Tensor given = result({}, dir / "given"), assumed = result({"--assume", "mask=true"}, dir / "assumed");
  EXPECT_TRUE(given.same(assumed));
  EXPECT_EQ(assumed.as<float>()[2], 8);
}

TEST(Assume, ThePeerIsGivenTheValue) {
  const fs::path model = written("assume_peer", masked_mean());
  const Finished r = cli({"verify", model, "--against", "onnxruntime", "--dim", "n=1..5", "--assume", "repeats=2", "--assume", "mask=1"});
  if (r.output.find("libonnxruntime") != std::string::npos) GTEST_SKIP() << r.output;
  EXPECT_EQ(r.status, 0) << r.output;
  EXPECT_EQ(r.output.find("refuses"), std::string::npos) << r.output;
}

TEST(Assume, RefusesWhatCannotBe) {
  const fs::path model = written("assume_refused", masked_mean());
  const auto refused = [&](std::vector<std::string> words, int status, const std::string& message) {
    words.insert(words.begin(), {"check", model});
    const Finished r = cli(words);
    EXPECT_EQ(r.status, status) << r.output;
    EXPECT_NE(r.output.find(message), std::string::npos) << r.output;
  };
  refused({"--assume", "mask"}, 2, "there is no '='");
  refused({"--assume", "mask=all"}, 2, "'all' is no number");
  refused({"--assume", "masks=1"}, 2, "the model has no input 'masks'\nhelp: its inputs are mask, x, repeats");
  refused({"--assume", "mask=1", "--assume", "mask=0"}, 2, "input 'mask' is assumed already");
  refused({"--assume", "repeats=1.5"}, 1, "int64 has no such value");
}

}  // namespace
}  // namespace inferc::test
