#include <fstream>

#include <nlohmann/json.hpp>

#include "compiler/run/tensor_file.hpp"
#include "compiler/support/process.hpp"
#include "compiler/support/write_files.hpp"
#include "tests/cli/cli.hpp"
#include "tests/support/onnx_writer.hpp"
#include "tests/support/paths.hpp"

namespace inferc {
namespace {

namespace fs = std::filesystem;
using test::cli;

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

TEST(Cli, WrongUsageExitsWith2) {
  EXPECT_EQ(cli({}).status, 2);
  EXPECT_EQ(cli({"frobnicate"}).status, 2);
  EXPECT_EQ(cli({"compile", "m.onnx"}).status, 2);
  const Finished later = cli({"compile", "m.onnx", "-o", "d", "--target", "device"});
  EXPECT_EQ(later.status, 2);
  EXPECT_TRUE(contains(later.output, "error: --target: not yet")) << later.output;
  const fs::path model = written("usage", add_model());
  const Finished dim = cli({"check", model, "--dim", "m=3"});
  EXPECT_EQ(dim.status, 2);
  EXPECT_TRUE(contains(dim.output, "its symbols are n")) << dim.output;
}

TEST(Cli, HelpExitsWith0) {
  for (const char* command : {"check", "inspect", "ops", "compile", "weights", "run", "verify", "bench"})
    EXPECT_EQ(cli({command, "--help"}).status, 0) << command;
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

nlohmann::json json_of(const fs::path& path) {
  std::ifstream file(path);
  return nlohmann::json::parse(file);
}

TEST(Cli, CompileReportsWhatItWrote) {
  const fs::path model = written("compile_json", add_model()), dir = model.parent_path();
  const Finished r = cli({"compile", model, "-o", dir / "out", "--name", "net", "--isa", "base", "--json", dir / "report.json"});
  ASSERT_EQ(r.status, 0) << r.output;
  const auto j = json_of(dir / "report.json");
  EXPECT_EQ(j["name"], "net");
  for (const auto& file : j["files"]) EXPECT_TRUE(fs::exists(dir / "out" / file.get<std::string>())) << file;
  EXPECT_EQ(std::distance(fs::directory_iterator(dir / "out"), fs::directory_iterator()), static_cast<std::ptrdiff_t>(j["files"].size()));
  EXPECT_EQ(run_process({{"sh", "-c", j["build"].get<std::string>()}, {}, 120}).status, 0);
  EXPECT_TRUE(fs::exists(dir / "out/libnet.a"));
}

TEST(Cli, InspectPrintsSizesOfUnboundedModelsOverTheirSymbols) {
  test::ModelSpec m = add_model();
  m.graph.nodes = {{"Add", {"x", "w"}, {"a"}},
                   {"Softmax", {"a"}, {"b"}, {{"axis", std::int64_t{0}}}},
                   {"MatMul", {"x", "square"}, {"c"}},
                   {"Softmax", {"c"}, {"d"}, {{"axis", std::int64_t{0}}}},
                   {"Mul", {"b", "d"}, {"y"}}};
  m.graph.initializers.emplace_back("square", tensor_of<float>({3, 3}, std::vector<float>(9, 1)));
  const Finished r = cli({"inspect", written("inspect", m), "--json", "-"});
  ASSERT_EQ(r.status, 0) << r.output;
  const auto bytes = nlohmann::json::parse(r.output)["arena_bytes"].get<std::string>();
  EXPECT_TRUE(contains(bytes, "n")) << bytes;
  EXPECT_FALSE(contains(bytes, "arena")) << bytes;
}

TEST(Cli, DimsMayBeNamedAsTheFileDoes) {
  test::ModelSpec m = add_model();
  m.graph.inputs[0].shape[0] = test::DimSpec("batch size");
  const fs::path model = written("dims", m);
  EXPECT_EQ(cli({"check", model, "--dim", "batch size=3"}).status, 0);
  EXPECT_EQ(cli({"check", model, "--dim", "x:0=1..4"}).status, 0);
  EXPECT_EQ(cli({"check", model, "--dim", "x:1=1..4"}).status, 2);
  EXPECT_EQ(cli({"check", model, "--dim", "batch size=4..3"}).status, 2);
}

void write_input(const fs::path& path, const Tensor& t) { write_file(path, npy_file(t)); }

TEST(Cli, BenchMeasuresOnInputsThatAreGiven) {
  const fs::path model = written("bench_inputs", add_model()), dir = model.parent_path(), json = dir / "report.json";
  fs::create_directories(dir / "in");
  write_input(dir / "in/x.npy", tensor_of<float>({5, 3}, std::vector<float>(15, 2.0f)));
  const Finished r = cli({"bench", model, "--inputs", dir / "in", "--seconds", "0.01", "--json", json});
  ASSERT_EQ(r.status, 0) << r.output;
  EXPECT_EQ(json_of(json)["dims"]["n"], 5);
  EXPECT_EQ(cli({"bench", model, "--inputs", dir / "in", "--at", "n=5"}).status, 2);
  EXPECT_EQ(cli({"bench", model, "--inputs", dir / "in", "--dim", "n=4"}).status, 1);
}

TEST(Cli, BenchMeasuresSeveralThreadsAndColdCaches) {
  const fs::path model = written("bench", add_model()), json = model.parent_path() / "report.json";
  const Finished r = cli({"bench", model, "--dim", "n=4", "--seconds", "0.01", "--threads", "2", "--json", json});
  ASSERT_EQ(r.status, 0) << r.output;
  EXPECT_EQ(json_of(json)["threads"], 2);
  EXPECT_GT(json_of(json)["ours_ns"]["median"], 0.0);
  ASSERT_EQ(cli({"bench", model, "--dim", "n=4", "--seconds", "0.01", "--cold", "--json", json}).status, 0);
  EXPECT_TRUE(json_of(json)["cold"].get<bool>());
  EXPECT_EQ(cli({"bench", model, "--dim", "n=4", "--threads", "0"}).status, 2);
}

TEST(Cli, RunTakesInputsByNameOrPositionAndRefusesOthers) {
  test::ModelSpec m = add_model();
  m.graph.nodes = {{"Sub", {"x", "z"}, {"y"}}};
  m.graph.inputs = {{"x", DType::float32, {"n", 3}}, {"z", DType::float32, {"n", 3}}};
  m.graph.initializers.clear();
  const fs::path model = written("run", m), dir = model.parent_path();
  const Tensor x = tensor_of<float>({1, 3}, std::vector<float>{5, 6, 7}), z = tensor_of<float>({1, 3}, std::vector<float>{1, 1, 2});
  for (const auto& [folder, names] : {std::pair{"by_name", std::pair{"x.npy", "z.npy"}}, std::pair{"by_position", std::pair{"input_0.npy", "input_1.npy"}}}) {
    fs::create_directory(dir / folder);
    write_input(dir / folder / names.first, x);
    write_input(dir / folder / names.second, z);
    const Finished r = cli({"run", model, "--inputs", dir / folder, "--outputs", dir / "out"});
    ASSERT_EQ(r.status, 0) << r.output;
    const Tensor y = read_npy(dir / "out/output_0.npy");
    EXPECT_EQ(std::vector<float>(y.as<float>().begin(), y.as<float>().end()), (std::vector<float>{4, 5, 5}));
  }
  fs::create_directory(dir / "short");
  write_input(dir / "short/x.npy", x);
  EXPECT_EQ(cli({"run", model, "--inputs", dir / "short", "--outputs", dir / "none"}).status, 1);
  write_input(dir / "short/z.npy", tensor_of<std::int64_t>({1, 3}, std::vector<std::int64_t>{1, 1, 2}));
  EXPECT_EQ(cli({"run", model, "--inputs", dir / "short", "--outputs", dir / "none"}).status, 1);
  EXPECT_FALSE(fs::exists(dir / "none"));
}

// y = x + noise, where the model draws the noise.
test::ModelSpec noisy_model() {
  test::ModelSpec m = add_model();
  m.graph.nodes = {{"RandomNormalLike", {"x"}, {"noise"}, {}, "draw"}, {"Add", {"x", "noise"}, {"a"}}, {"Add", {"a", "w"}, {"y"}, {}, "bias"}};
  return m;
}

TEST(Cli, RandomNumbersAreGivenByTheCallerWhereAskedFor) {
  const fs::path model = written("random", noisy_model()), dir = model.parent_path();
  const Finished refused = cli({"check", model});
  EXPECT_EQ(refused.status, 1);
  EXPECT_TRUE(contains(refused.output, "error: RandomNormalLike 'draw' (opset 17): it draws random numbers\nhelp: --random-as-input")) << refused.output;
  fs::create_directory(dir / "in");
  write_input(dir / "in/x.npy", tensor_of<float>({1, 3}, std::vector<float>{5, 6, 7}));
  write_input(dir / "in/noise.npy", tensor_of<float>({1, 3}, std::vector<float>{100, 200, 300}));
  const Finished r = cli({"run", model, "--random-as-input", "--inputs", dir / "in", "--outputs", dir / "out"});
  ASSERT_EQ(r.status, 0) << r.output;
  const Tensor y = read_npy(dir / "out/output_0.npy");
  EXPECT_EQ(std::vector<float>(y.as<float>().begin(), y.as<float>().end()), (std::vector<float>{106, 208, 310}));
  EXPECT_EQ(cli({"bench", model, "--random-as-input", "--dim", "n=2", "--against", "onnxruntime"}).status, 2);
}

TEST(Cli, WeightsForCodeWhoseCallerDrawsTheNumbers) {
  const fs::path model = written("random_weights", noisy_model()), dir = model.parent_path();
  ASSERT_EQ(cli({"compile", model, "--random-as-input", "-o", dir / "out", "--name", "net", "--dim", "n=0..8"}).status, 0);
  test::ModelSpec other = noisy_model();
  other.graph.initializers = add_model({4, 5, 6}).graph.initializers;
  test::write_model(dir / "new.onnx", other);
  const Finished r = cli({"weights", dir / "new.onnx", "--for", dir / "out/net.json", "-o", dir / "new.weights"});
  EXPECT_EQ(r.status, 0) << r.output;
}

// The shape of a Reshape whose result nobody reads is an input; the file declares f32[3, 1] for it.
TEST(Cli, WhatNobodyReadsIsNotCheckedAndLeavesASelfTest) {
  test::ModelSpec m = add_model();
  m.graph.inputs = {{"x", DType::float32, {1, 3}}, {"shape", DType::int64, {2}}};
  m.graph.nodes.push_back({"Reshape", {"x", "shape"}, {"unread"}});
  m.graph.outputs = {{"y", DType::float32, {1, 3}}};
  m.graph.values = {{"unread", DType::float32, {3, 1}}};
  const fs::path model = written("unread", m), dir = model.parent_path();
  fs::create_directory(dir / "in");
  write_input(dir / "in/x.npy", tensor_of<float>({1, 3}, std::vector<float>{5, 6, 7}));
  write_input(dir / "in/shape.npy", tensor_of<std::int64_t>({2}, std::vector<std::int64_t>{7, 7}));
  const Finished r = cli({"run", model, "--inputs", dir / "in", "--outputs", dir / "out"});
  EXPECT_EQ(r.status, 0) << r.output;
  m.graph.outputs.push_back({"unread", DType::float32, {3, 1}});
  m.graph.values.clear();
  test::write_model(model, m);
  EXPECT_EQ(cli({"run", model, "--inputs", dir / "in", "--outputs", dir / "out"}).status, 1);
  ASSERT_EQ(cli({"compile", model, "-o", dir / "net", "--name", "net", "--isa", "base"}).status, 0);
  EXPECT_TRUE(contains(test::text_of(dir / "net/net_selftest.cpp"), "bool sample_1("));
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

// y = relu(x + w) * 2 with x f32[n, 3]; all but the interface can be called otherwise.
test::ModelSpec chain_model(const std::string& prefix = "", std::vector<float> w = {1, 2, 3}, float factor = 2) {
  test::ModelSpec m = add_model();
  m.graph.initializers = {{prefix + "w", tensor_of<float>({3}, w)}, {prefix + "two", tensor_of<float>({}, std::vector<float>{factor})}};
  m.graph.nodes = {{"Add", {"x", prefix + "w"}, {prefix + "sum"}, {}, prefix + "bias"},
                   {"Relu", {prefix + "sum"}, {prefix + "part"}, {}, prefix + "relu"},
                   {"Mul", {prefix + "part", prefix + "two"}, {"y"}, {}, prefix + "scale"}};
  return m;
}

std::string structure_of(const std::string& test, const test::ModelSpec& m, std::vector<std::string> options = {"--dim", "n=0..8"}) {
  const fs::path model = written(test, m), out = model.parent_path() / "out";
  std::vector<std::string> words{"compile", model, "-o", out, "--name", "net"};
  words.insert(words.end(), options.begin(), options.end());
  const Finished r = cli(words);
  EXPECT_EQ(r.status, 0) << r.output;
  std::ifstream in(out / "net.json");
  return nlohmann::json::parse(in).at("structure_sha256");
}

TEST(Cli, StructureIsTheSameWithOtherNamesInsideWeightsOrCodePaths) {
  const std::string structure = structure_of("structure", chain_model());
  EXPECT_EQ(structure_of("structure_weights", chain_model("", {4, 5, 6})), structure);
  EXPECT_EQ(structure_of("structure_names", chain_model("net/\"*/ // '")), structure);
  EXPECT_EQ(structure_of("structure_base", chain_model(), {"--dim", "n=0..8", "--isa", "base", "--embed-weights", "--namespace", "a::b"}), structure);
}

TEST(Cli, StructureDiffersWithInterfaceBoundsConstantsAndOperators) {
  const std::string structure = structure_of("structure", chain_model());
  EXPECT_NE(structure_of("structure_upper", chain_model(), {"--dim", "n=0..9"}), structure);
  EXPECT_NE(structure_of("structure_lower", chain_model(), {"--dim", "n=1..8"}), structure);
  EXPECT_NE(structure_of("structure_constant", chain_model("", {1, 2, 3}, 0.5F)), structure);
  test::ModelSpec other = chain_model();
  other.graph.nodes[1].op = "Neg";
  EXPECT_NE(structure_of("structure_operator", other), structure);
  other = chain_model();
  other.graph.outputs[0].name = other.graph.nodes[2].outputs[0] = "z";
  EXPECT_NE(structure_of("structure_output", other), structure);
  other = chain_model();
  other.graph.inputs[0].name = other.graph.nodes[0].inputs[0] = "v";
  EXPECT_NE(structure_of("structure_input", other), structure);
}

TEST(Cli, WeightsFitCodeWithOtherNamesInsideAndNameAChangedInterface) {
  const fs::path model = written("weights_names", chain_model()), dir = model.parent_path();
  ASSERT_EQ(cli({"compile", model, "-o", dir / "out", "--name", "net", "--dim", "n=0..8"}).status, 0);
  test::write_model(dir / "new.onnx", chain_model("other/", {4, 5, 6}));
  const Finished fits = cli({"weights", dir / "new.onnx", "--for", dir / "out/net.json", "-o", dir / "new.weights"});
  EXPECT_EQ(fits.status, 0) << fits.output;
  test::ModelSpec renamed = chain_model();
  renamed.graph.outputs[0].name = renamed.graph.nodes[2].outputs[0] = "z";
  test::write_model(dir / "renamed.onnx", renamed);
  const Finished differs = cli({"weights", dir / "renamed.onnx", "--for", dir / "out/net.json", "-o", dir / "none"});
  EXPECT_EQ(differs.status, 1);
  EXPECT_TRUE(contains(differs.output, "output 0 is")) << differs.output;
  test::write_model(dir / "constant.onnx", chain_model("", {1, 2, 3}, 0.5F));
  const Finished constant = cli({"weights", dir / "constant.onnx", "--for", dir / "out/net.json", "-o", dir / "none"});
  EXPECT_EQ(constant.status, 1);
  EXPECT_TRUE(contains(constant.output, "scale")) << constant.output;
}

}  // namespace
}  // namespace inferc
