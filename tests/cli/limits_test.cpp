// --dim-name, --max-workspace and --max-code.
#include <nlohmann/json.hpp>

#include "tests/cli/cli.hpp"

namespace inferc::test {
namespace {

namespace fs = std::filesystem;

bool contains(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

// y = x * w * w, x and y f32[s77, 3]: x * w stays in the workspace. r = Relu(z).
ModelSpec sized_model(std::vector<float> w = {1, 2, 3, 4, 5, 6, 7, 8, 9}) {
  ModelSpec m;
  m.graph.inputs = {f32("x", {"s77", 3}), f32("z", {"s77", "s 2"})};
  m.graph.initializers = {{"w", tensor_of<float>({3, 3}, w)}};
  m.graph.nodes = {{"MatMul", {"x", "w"}, {"product"}}, {"MatMul", {"product", "w"}, {"y"}}, {"Relu", {"z"}, {"r"}}};
  m.graph.outputs = {f32("y", {"s77", 3}), f32("r", {"s77", "s 2"})};
  return m;
}

nlohmann::json manifest(const fs::path& model, std::vector<std::string> options) {
  const fs::path out = model.parent_path() / "out";
  options.insert(options.begin(), {"compile", model, "-o", out, "--name", "net"});
  const Finished done = cli(options);
  EXPECT_EQ(done.status, 0) << done.output;
  return nlohmann::json::parse(text_of(out / "net.json"));
}

TEST(DimName, NamesTheMemberTheShapesAndTheSymbolOfDim) {
  const fs::path model = written("dim_name", sized_model());
  const nlohmann::json j = manifest(model, {"--dim-name", "s77=n_tracks", "--dim-name", "z:1=width", "--dim", "n_tracks=0..40"});
  EXPECT_EQ(j["symbols"][0]["name"], "n_tracks");
  EXPECT_EQ(j["symbols"][0]["upper"], 40);
  EXPECT_EQ(j["symbols"][1]["name"], "width");
  EXPECT_EQ(j["outputs"][1]["shape"], (nlohmann::json{"n_tracks", "width"}));
  const std::string header = text_of(model.parent_path() / "out" / "net.hpp");
  EXPECT_TRUE(contains(header, "n_tracks;")) << header;
  EXPECT_FALSE(contains(header, "s77")) << header;
}

TEST(DimName, TakesTheNameThatInspectShows) {
  const fs::path model = written("dim_name_safe", sized_model());
  EXPECT_EQ(manifest(model, {"--dim-name", "s_2=width"})["symbols"][1]["name"], "width");
}

TEST(DimName, NewWeightsKeepIt) {
  const fs::path model = written("dim_name_weights", sized_model()), folder = model.parent_path();
  manifest(model, {"--dim-name", "s77=n_tracks", "--dim", "n_tracks=0..40"});
  write_model(folder / "new.onnx", sized_model({9, 8, 7, 6, 5, 4, 3, 2, 1}));
  const Finished done = cli({"weights", folder / "new.onnx", "--for", folder / "out" / "net.json", "-o", folder / "new.weights"});
  EXPECT_EQ(done.status, 0) << done.output;
}

TEST(DimName, RefusesWhatItCannotMean) {
  const fs::path model = written("dim_name_wrong", sized_model());
  const std::pair<const char*, const char*> cases[] = {{"s77", "not of the form OLD=NEW"},
                                                       {"=n", "not of the form OLD=NEW"},
                                                       {"s78=n", "the model has no size 's78'"},
                                                       {"x:1=n", "the model has no size 'x:1'"},
                                                       {"s77=s_2", "the model has a size 's_2' already"},
                                                       {"s77=2n", "'2n' is no C++ identifier"},
                                                       {"s77=int", "'int' is no C++ identifier"}};
  for (const auto& [option, reason] : cases) {
    const Finished done = cli({"check", model, "--dim-name", option});
    EXPECT_EQ(done.status, 2) << option;
    EXPECT_TRUE(contains(done.output, std::string("error: --dim-name ") + option + ": " + reason)) << done.output;
  }
}

TEST(Limits, WriteNothingWhereTheWorkspaceIsLarger) {
  const fs::path model = written("max_workspace", sized_model()), out = model.parent_path() / "out";
  const std::vector<std::string> compile{"compile", model, "-o", out, "--dim", "s_2=0..10"};
  const auto with = [&](std::vector<std::string> options) {
    options.insert(options.begin(), compile.begin(), compile.end());
    return cli(options);
  };
  const Finished open = with({"--max-workspace", "1GB"});
  EXPECT_EQ(open.status, 1);
  EXPECT_TRUE(contains(open.output, "--dim SYM=LO..HI")) << open.output;
  const Finished small = with({"--dim", "s77=0..1000", "--max-workspace", "11kB"});
  EXPECT_EQ(small.status, 1);
  EXPECT_TRUE(contains(small.output, "error: --max-workspace 11000: a call needs 12")) << small.output;
  EXPECT_FALSE(fs::exists(out));
  EXPECT_EQ(with({"--dim", "s77=0..1000", "--max-workspace", "13kB"}).status, 0);
}

TEST(Limits, WriteNothingWhereTheCodeIsLonger) {
  const fs::path model = written("max_code", sized_model()), out = model.parent_path() / "out";
  const Finished done = cli({"compile", model, "-o", out, "--max-code", "1kB"});
  EXPECT_EQ(done.status, 1);
  EXPECT_TRUE(contains(done.output, "error: --max-code 1000: the generated code has")) << done.output;
  EXPECT_FALSE(fs::exists(out));
  EXPECT_EQ(cli({"compile", model, "-o", out, "--max-code", "10MB"}).status, 0);
  EXPECT_EQ(cli({"compile", model, "-o", out, "--max-code", "many"}).status, 2);
}

}  // namespace
}  // namespace inferc::test
