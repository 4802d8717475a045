#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "compiler/run/build.hpp"
#include "compiler/run/loaded_model.hpp"
#include "compiler/run/tensor_file.hpp"
#include "compiler/support/cpu.hpp"
#include "compiler/support/process.hpp"
#include "compiler/support/write_files.hpp"
#include "tests/cli/cli.hpp"
#include "tests/support/onnx_writer.hpp"
#include "tests/support/paths.hpp"

// What reference/INTERFACE sections 2 and 3 fix: options, exit codes, keys and layouts.
namespace inferc::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

Finished shell(const std::string& command) { return run_process({{"bash", "-c", command}, {}, 300}); }

// y = x + w with x f32[n, 3].
ModelSpec add_model() {
  ModelSpec m;
  m.graph.inputs = {{"x", DType::float32, {"n", 3}}};
  m.graph.initializers = {{"w", tensor_of<float>({3}, std::vector<float>{1, 2, 3})}};
  m.graph.nodes = {{"Add", {"x", "w"}, {"y"}, {}, "bias"}};
  m.graph.outputs = {{"y", DType::float32, {"n", 3}}};
  return m;
}

TEST(Interface, AnOptionTakesTheWordBehindItOnly) {
  const fs::path model = written("words", add_model());
  EXPECT_EQ(cli({"check", "--dim", "n=3", model}).status, 0);
  const Finished r = cli({"compile", "--dim", "n=0..4", "--isa", "base", model, "-o", model.parent_path() / "out"});
  EXPECT_EQ(r.status, 0) << r.output;
}

TEST(Interface, NamesThatAreNoIdentifiersAreWrongUsage) {
  const fs::path model = written("names", add_model()), out = model.parent_path() / "out";
  for (const char* name : {"a::1b", "a;b", "class", "a::", "::a", "a:b", "a b", "std"})
    EXPECT_EQ(cli({"compile", model, "-o", out, "--namespace", name}).status, 2) << name;
  EXPECT_EQ(cli({"compile", model, "-o", out, "--name", "a::b"}).status, 2);
  EXPECT_FALSE(fs::exists(out));
  EXPECT_EQ(cli({"compile", model, "-o", out, "--namespace", "a::b2", "--isa", "base"}).status, 0);
}

TEST(Interface, AnOutputThatCannotBeWrittenIsAnErrorAndNoSignal) {
  EXPECT_EQ(shell(fmt::format("{} ops > /dev/full", INFERC)).status, 1);
  EXPECT_EQ(shell(fmt::format("{} ops --json - > /dev/full", INFERC)).status, 1);
  EXPECT_EQ(shell(fmt::format("(sleep 1; {} ops) | true; exit ${{PIPESTATUS[0]}}", INFERC)).status, 1);
  EXPECT_EQ(shell(fmt::format("{} ops | cat > /dev/null; exit ${{PIPESTATUS[0]}}", INFERC)).status, 0);
}

TEST(Interface, EveryReportIsAlsoJson) {
  const fs::path model = written("reports", add_model());
  const auto keys = [](std::vector<std::string> words) {
    words.insert(words.end(), {"--json", "-"});
    const Finished r = cli(words);
    EXPECT_EQ(r.status, 0) << r.output;
    return Json::parse(r.output);
  };
  for (const char* key : {"model", "inputs", "outputs", "symbols", "operators", "parameters", "flops", "arena_bytes", "arena_lower_bound"})
    EXPECT_TRUE(keys({"inspect", model}).contains(key)) << key;
  const Json after = keys({"inspect", model, "--after", "import"});
  EXPECT_EQ(after["after"], "import");
  EXPECT_NE(after["graph"].get<std::string>().find("bias"), std::string::npos);
  EXPECT_TRUE(keys({"check", model})["problems"].empty());
  const Json ops = keys({"ops"});
  for (const char* key : {"operator", "domain", "opsets", "dtypes", "kernel"}) EXPECT_TRUE(ops[0].contains(key)) << key;
  const auto kernel = [&](const std::string& name) {
    for (const Json& op : ops)
      if (op["operator"] == name) return op["kernel"].get<std::string>();
    return std::string();
  };
  EXPECT_EQ(kernel("MatMul"), "fast");
  EXPECT_EQ(kernel("Det"), "reference");
  EXPECT_EQ(kernel("FusedGemm"), "expands");
  const Json bench = keys({"bench", model, "--dim", "n=4", "--seconds", "0.01"});
  for (const char* key : {"model", "dims", "isa", "cold", "threads", "machine"}) EXPECT_TRUE(bench.contains(key)) << key;
  for (const char* key : {"min", "median"}) EXPECT_GT(bench["ours_ns"][key], 0.0) << key;
  EXPECT_GT(bench["machine"]["processors"], 0);
}

Json manifest_of(const fs::path& model, std::vector<std::string> options) {
  const fs::path out = model.parent_path() / "out";
  fs::remove_all(out);
  std::vector<std::string> words{"compile", model, "-o", out, "--name", "net"};
  words.insert(words.end(), options.begin(), options.end());
  const Finished r = cli(words);
  EXPECT_EQ(r.status, 0) << r.output;
  return Json::parse(text_of(out / "net.json"));
}

TEST(Interface, TheManifestTellsTheInterface) {
  ModelSpec m = add_model();
  m.graph.inputs[0].name = m.graph.nodes[0].inputs[0] = "my x";
  m.metadata = {{"author", "a\"b"}, {"producer", "of the file"}};
  m.producer = "a trainer";
  const fs::path model = written("manifest", m);
  const Json j = manifest_of(model, {"--dim", "n=0..8"});
  for (const char* key : {"inferc", "model_sha256", "structure_sha256", "weights_bytes", "arena_lower_bound", "flops"}) EXPECT_TRUE(j.contains(key)) << key;
  EXPECT_EQ(j["name"], "net");
  EXPECT_EQ(j["metadata"]["author"], "a\"b");
  EXPECT_EQ(j["metadata"]["producer"], "of the file");
  EXPECT_NE(j["metadata"].dump().find("a trainer"), std::string::npos);
  EXPECT_EQ(j["metadata"]["opset ai.onnx"], "17");
  EXPECT_EQ(j["inputs"][0], Json({{"name", "my x"}, {"member", "my_x"}, {"dtype", "float32"}, {"shape", Json::array({"n", 3})}}));
  EXPECT_EQ(j["outputs"][0]["member"], "y");
  EXPECT_EQ(j["symbols"], Json::array({{{"name", "n"}, {"member", "n"}, {"lower", 0}, {"upper", 8}}}));
  EXPECT_TRUE(j["workspace_bytes"].is_number_integer());
  for (const char* key : {"kernel", "nodes", "flops", "bytes"}) EXPECT_TRUE(j["calls"][0].contains(key)) << key;
  for (const Json& s : j["sources"]) {
    EXPECT_TRUE(fs::exists(model.parent_path() / "out" / s["file"].get<std::string>())) << s;
    EXPECT_EQ(s["cxxflags"].dump().find("-std"), std::string::npos) << s;
    EXPECT_NE(s["file"], "net_selftest.cpp");
  }
}

TEST(Interface, TheManifestTellsBoundsOfSymbols) {
  const fs::path model = written("manifest_bounds", add_model());
  EXPECT_TRUE(manifest_of(model, {"--dim", "n=4"})["symbols"].empty());
  const Json unbounded = manifest_of(model, {});
  EXPECT_EQ(unbounded["symbols"][0]["upper"], 2147483647);
  EXPECT_TRUE(unbounded["workspace_bytes"].is_null());
}

// The whole interface: about a page.
TEST(Interface, TheHeaderIsAPage) {
  const fs::path model = written("header", add_model());
  (void)manifest_of(model, {"--dim", "n=0..8"});
  const std::string text = text_of(model.parent_path() / "out/net.hpp");
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 100) << text;
}

// Readers of the format demand that tensors follow each other without holes up to the end of the file.
TEST(Interface, TheWeightsAreSafetensors) {
  ModelSpec m = add_model();
  m.graph.nodes.push_back({"Mul", {"y", "v"}, {"z"}});
  m.graph.initializers.emplace_back("v", tensor_of<float>({1, 3}, std::vector<float>{4, 5, 6}));
  m.graph.outputs[0].name = "z";
  const fs::path model = written("safetensors", m);
  const Json manifest = manifest_of(model, {});
  const std::string file = text_of(model.parent_path() / "out/net.weights");
  std::uint64_t length = 0;
  std::memcpy(&length, file.data(), 8);
  Json header = Json::parse(file.substr(8, length));
  EXPECT_EQ(header["__metadata__"]["model"], manifest["model_sha256"]);
  EXPECT_EQ(header["__metadata__"]["inferc"], manifest["inferc"]);
  header.erase("__metadata__");
  std::map<std::size_t, std::size_t> ranges;
  for (const auto& [name, tensor] : header.items()) ranges[tensor["data_offsets"][0]] = tensor["data_offsets"][1];
  std::size_t end = 0;
  for (const auto& [from, to] : ranges) EXPECT_EQ(from, std::exchange(end, to));
  EXPECT_EQ(8 + length + end, file.size());
  EXPECT_EQ(manifest["weights_bytes"], end);
}

TEST(Interface, TheEnvironmentLimitsTheCodePathAlsoToOneThatIsNotThere) {
  const fs::path model = written("isa", add_model());
  (void)manifest_of(model, {"--isa", "base,v4"});
  BuildOptions options = build_options();
  options.flags = {"-O1"};
  const BuiltModel built = build_model(model.parent_path() / "out", options);
  ::setenv("INFERC_ISA", "v3", 1);
  EXPECT_EQ(LoadedModel(built).isa(), "base");
  ::setenv("INFERC_ISA", "v4q", 1);
  const std::string newest = LoadedModel(built).isa();
  ::unsetenv("INFERC_ISA");
  EXPECT_EQ(LoadedModel(built).isa(), newest);
}

TEST(Interface, ThePathWithVnniIsGivenOnRequestWhereNoKernelNeedsIt) {
  const fs::path model = written("isa_v4q", add_model());
  const auto all = manifest_of(model, {}), wanted = manifest_of(model, {"--isa", "base,v4q"});
  EXPECT_EQ(all["sources"].size(), 4);
  ASSERT_EQ(wanted["sources"].size(), 3);
  EXPECT_EQ(wanted["sources"][2]["file"], "net_v4q.cpp");
  BuildOptions options = build_options();
  options.flags = {"-O1"};
  const BuiltModel built = build_model(model.parent_path() / "out", options);
  EXPECT_EQ(LoadedModel(built).isa(), has_v4q() ? "v4q" : "base");
  ::setenv("INFERC_ISA", "v4", 1);
  EXPECT_EQ(LoadedModel(built).isa(), "base");
  ::unsetenv("INFERC_ISA");
}

TEST(Interface, RunStoresTypesThatNumPyLacksAsIntegersAndTakesUnsafeNamesByPosition) {
  ModelSpec m;
  m.graph.inputs = {{"z", DType::float32, {"n"}}, {"../x", DType::bfloat16, {"n"}}};
  m.graph.nodes = {{"Neg", {"z"}, {"negative"}}};
  m.graph.outputs = {{"../x", DType::bfloat16, {"n"}}, {"negative", DType::float32, {"n"}}};
  const fs::path model = written("run_types", m), dir = model.parent_path();
  fs::create_directories(dir / "in");
  write_file(dir / "in/z.npy", npy_file(tensor_of<float>({2}, std::vector<float>{1, 3})));
  write_file(dir / "in/input_1.npy", npy_file(tensor_of<std::uint16_t>({2}, std::vector<std::uint16_t>{0x3f80, 0x4000})));  // 1, 2
  const Finished r = cli({"run", model, "--inputs", dir / "in", "--outputs", dir / "out"});
  ASSERT_EQ(r.status, 0) << r.output;
  const Tensor y = read_npy(dir / "out/output_0.npy");
  ASSERT_EQ(y.dtype(), DType::uint16);
  EXPECT_EQ(std::vector<std::uint16_t>(y.as<std::uint16_t>().begin(), y.as<std::uint16_t>().end()), (std::vector<std::uint16_t>{0x3f80, 0x4000}));
}

void write_case(const fs::path& folder, const ModelSpec& m, const Tensor& x, const Tensor& y) {
  fs::create_directories(folder / "test_data_set_0");
  write_model(folder / "model.onnx", m);
  write_file(folder / "test_data_set_0/input_0.pb", tensor_bytes(x, "x"));
  write_file(folder / "test_data_set_0/output_0.pb", tensor_bytes(y, "y"));
}

void write_good_case(const fs::path& folder) {
  write_case(folder, add_model(), tensor_of<float>({1, 3}, std::vector<float>{0, 10, 20}), tensor_of<float>({1, 3}, std::vector<float>{1, 12, 23}));
}

// Some minutes of products, from one number.
ModelSpec endless_model() {
  ModelSpec m;
  m.graph.inputs = {{"x", DType::float32, {1, 1}}};
  m.graph.initializers = {{"wide", tensor_of<std::int64_t>({2}, std::vector<std::int64_t>{2500, 2500})}};
  m.graph.nodes = {{"Expand", {"x", "wide"}, {"p0"}}};
  for (int i = 0; i < 400; ++i) m.graph.nodes.push_back({"MatMul", {fmt::format("p{}", i), fmt::format("p{}", i)}, {fmt::format("p{}", i + 1)}});
  m.graph.nodes.push_back({"ReduceMax", {"p400"}, {"y"}});
  m.graph.outputs = {{"y", DType::float32, {1, 1}}};
  return m;
}

TEST(Interface, ACaseThatHangsDoesNotLoseTheOthers) {
  const fs::path dir = scratch_dir("verify_hang");
  write_case(dir / "hangs", endless_model(), tensor_of<float>({1, 1}, std::vector<float>{0}), tensor_of<float>({1, 1}, std::vector<float>{0}));
  write_good_case(dir / "good");
  write_good_case(dir / "other/good");
  const Finished r = cli(
      {"verify", dir / "hangs", dir / "good", dir / "other/good", "-j", "2", "--timeout", "4", "--keep-outputs", dir / "kept", "--json", dir / "report.json"});
  EXPECT_EQ(r.status, 1);
  EXPECT_NE(r.output.find("FAIL hangs: the run failed: no end after 4 s\n"), std::string::npos) << r.output;
  EXPECT_NE(r.output.find("PASS good\nPASS good_2\n2 passed, 1 failed, 0 refused\n"), std::string::npos) << r.output;
  for (const char* name : {"good", "good_2"}) EXPECT_TRUE(fs::exists(dir / "kept" / name / "test_data_set_0/output_0.npy")) << name;
  const Json j = Json::parse(text_of(dir / "report.json"));
  EXPECT_EQ(j["cases"][0], Json({{"case", "hangs"},
                                 {"set", "test_data_set_0"},
                                 {"verdict", "FAIL"},
                                 {"reason", "the run failed: no end after 4 s"},
                                 {"max_abs", nullptr},
                                 {"max_ulp", nullptr}}));
  EXPECT_EQ(j["passed"], 2);
}

TEST(Interface, ModelsWithoutStoredInputsAreNamedAsSuch) {
  const fs::path model = written("light", add_model());
  const fs::path light = model.parent_path() / "light";
  fs::create_directory(light);
  fs::rename(model, light / "light_add.onnx");
  const Finished r = cli({"verify", light});
  EXPECT_EQ(r.status, 1);
  EXPECT_NE(r.output.find("--against onnxruntime"), std::string::npos) << r.output;
}

}  // namespace
}  // namespace inferc::test
