#include <fstream>

#include <nlohmann/json.hpp>

#include "compiler/support/process.hpp"
#include "compiler/support/write_files.hpp"
#include "tests/support/onnx_writer.hpp"
#include "tests/support/paths.hpp"

namespace inferc {
namespace {

namespace fs = std::filesystem;

Finished cli(std::vector<std::string> words) {
  words.insert(words.begin(), INFERC);
  return run_process({words, {}, 300});
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

// y = x + w with x f32[n, 3].
test::ModelSpec add_model(std::vector<float> w = {1, 2, 3}) {
  test::ModelSpec m;
  m.graph.inputs = {{"x", DType::float32, {"n", 3}}};
  m.graph.initializers = {{"w", tensor_of<float>({3}, w)}};
  m.graph.nodes = {{"Add", {"x", "w"}, {"y"}, {}, "bias"}};
  m.graph.outputs = {{"y", DType::float32, {"n", 3}}};
  return m;
}

fs::path written(const std::string& test, const test::ModelSpec& m) {
  const fs::path path = test::scratch_dir(test) / "model.onnx";
  test::write_model(path, m);
  return path;
}

TEST(Cli, WrongUsageExitsWith2) {
  EXPECT_EQ(cli({}).status, 2);
  EXPECT_EQ(cli({"frobnicate"}).status, 2);
  EXPECT_EQ(cli({"compile", "m.onnx"}).status, 2);
  const Finished later = cli({"compile", "m.onnx", "-o", "d", "--batch", "n"});
  EXPECT_EQ(later.status, 2);
  EXPECT_TRUE(contains(later.output, "error: --batch: not yet")) << later.output;
  const fs::path model = written("usage", add_model());
  const Finished dim = cli({"check", model, "--dim", "m=3"});
  EXPECT_EQ(dim.status, 2);
  EXPECT_TRUE(contains(dim.output, "its symbols are n")) << dim.output;
}

TEST(Cli, HelpExitsWith0) {
  for (const char* command : {"check", "inspect", "ops", "compile", "weights", "run", "verify", "bench"}) EXPECT_EQ(cli({command, "--help"}).status, 0) << command;
  EXPECT_EQ(cli({"--version"}).status, 0);
}

TEST(Cli, CheckReportsEveryProblemOnALineOfItsOwn) {
  test::ModelSpec m = add_model();
  m.graph.nodes = {{"NoSuch", {"x"}, {"a"}, {}, "first"}, {"NoOther", {"a"}, {"y"}, {}, "second"}};
  const fs::path model = written("check", m);
  const Finished r = cli({"check", model});
  EXPECT_EQ(r.status, 1);
  EXPECT_TRUE(contains(r.output, "error: NoSuch 'first'")) << r.output;
  EXPECT_TRUE(contains(r.output, "error: NoOther 'second'")) << r.output;
  const Finished json = cli({"check", written("check_ok", add_model()), "--json", "-"});
  EXPECT_EQ(json.status, 0);
  EXPECT_TRUE(nlohmann::json::parse(json.output)["ok"].get<bool>());
}

TEST(Cli, RefusedModelLeavesNoFile) {
  test::ModelSpec m = add_model();
  m.graph.nodes[0].op = "NoSuch";
  const fs::path model = written("refused", m), out = model.parent_path() / "out";
  EXPECT_EQ(cli({"compile", model, "-o", out}).status, 1);
  EXPECT_FALSE(fs::exists(out));
}

// A case of the ONNX backend tests whose stored output is x + w + `error`.
void write_case(const fs::path& folder, float error) {
  fs::create_directories(folder / "test_data_set_0");
  test::write_model(folder / "model.onnx", add_model());
  const std::vector<float> x{0, 10, 20, 30, 40, 50}, y{1 + error, 12, 23, 31, 42, 53};
  write_file(folder / "test_data_set_0/input_0.pb", test::tensor_bytes(tensor_of<float>({2, 3}, x), "x"));
  write_file(folder / "test_data_set_0/output_0.pb", test::tensor_bytes(tensor_of<float>({2, 3}, y), "y"));
}

TEST(Cli, VerifyTellsPassedFailedAndRefusedCasesApart) {
  const fs::path dir = test::scratch_dir("verify");
  write_case(dir / "good", 0);
  write_case(dir / "bad", 1);
  write_case(dir / "unknown", 0);
  test::ModelSpec m = add_model();
  m.graph.nodes[0].op = "NoSuch";
  test::write_model(dir / "unknown/model.onnx", m);
  const Finished r = cli({"verify", dir / "good", dir / "bad", dir / "unknown", "-j", "1", "--json", dir / "report.json", "--keep-outputs", dir / "kept"});
  EXPECT_EQ(r.status, 1);
  EXPECT_TRUE(contains(r.output, "PASS good\n")) << r.output;
  EXPECT_TRUE(contains(r.output, "FAIL bad: ")) << r.output;
  EXPECT_TRUE(contains(r.output, "REFUSED unknown: ")) << r.output;
  EXPECT_TRUE(contains(r.output, "1 passed, 1 failed, 1 refused\n")) << r.output;
  EXPECT_TRUE(fs::exists(dir / "kept/good/test_data_set_0/output_0.npy"));
  std::ifstream file(dir / "report.json");
  const auto json = nlohmann::json::parse(file);
  ASSERT_EQ(json["cases"].size(), 3U);
  EXPECT_EQ(json["cases"][0]["max_abs"], 0.0);
  EXPECT_TRUE(json["cases"][2]["max_ulp"].is_null());
  EXPECT_EQ(json["refused"], 1);
  EXPECT_EQ(cli({"verify", dir / "good", dir / "unknown"}).status, 0);
}

TEST(Cli, WeightsOfEqualStructureFitAndOthersNameTheNode) {
  const fs::path model = written("weights", add_model()), dir = model.parent_path();
  ASSERT_EQ(cli({"compile", model, "-o", dir / "out", "--name", "net", "--dim", "n=0..8"}).status, 0);
  test::write_model(dir / "new.onnx", add_model({4, 5, 6}));
  const Finished fits = cli({"weights", dir / "new.onnx", "--for", dir / "out/net.json", "-o", dir / "new.weights"});
  EXPECT_EQ(fits.status, 0) << fits.output;
  EXPECT_EQ(fs::file_size(dir / "new.weights"), fs::file_size(dir / "out/net.weights"));
  test::ModelSpec other = add_model();
  other.graph.nodes[0].op = "Mul";
  test::write_model(dir / "other.onnx", other);
  const Finished differs = cli({"weights", dir / "other.onnx", "--for", dir / "out/net.json", "-o", dir / "other.weights"});
  EXPECT_EQ(differs.status, 1);
  EXPECT_TRUE(contains(differs.output, "'bias'")) << differs.output;
  EXPECT_FALSE(fs::exists(dir / "other.weights"));
}

}  // namespace
}  // namespace inferc
