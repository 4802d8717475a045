#include <gtest/gtest.h>

#include <random>

#include <fmt/format.h>

#include "compiler/onnx/import.hpp"
#include "compiler/onnx/reader.hpp"
#include "compiler/passes/passes.hpp"
#include "compiler/plan/program.hpp"
#include "compiler/support/mapped_file.hpp"
#include "tests/support/onnx_writer.hpp"
#include "tests/support/paths.hpp"

namespace inferc {
namespace {

namespace fs = std::filesystem;

// What `inferc check` does, with the problems as one text; empty: accepted.
std::string check(const std::string& bytes, const fs::path& folder = {}) {
  try {
    const onnx::Model model = onnx::parse(std::as_bytes(std::span(bytes)), folder);
    Diagnostics d;
    const auto graph = onnx::import(model, d);
    if (!d.failed()) infer_types(*graph, d);
    if (d.failed()) throw UserError(d.errors());
    run_pipeline(*graph);
    (void)plan(*graph);
    return {};
  } catch (const UserError& e) {
    std::string out;
    for (const Diagnostic& p : e.problems()) out += p.message + "\n";
    return out;
  }
}

test::ModelSpec add_model() {
  test::ModelSpec m;
  m.graph.inputs = {{"x", DType::float32, {"n", 3}}};
  m.graph.initializers = {{"w", tensor_of<float>({3}, std::vector<float>{1, 2, 3})}};
  m.graph.nodes = {{"Add", {"x", "w"}, {"y"}, {}, "bias"}};
  m.graph.outputs = {{"y", DType::float32, {"n", 3}}};
  return m;
}

std::string problems(const test::ModelSpec& m) { return check(test::model_bytes(m)); }

bool contains(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

TEST(Malformed, TheModelThatTheFaultsStartFromIsAccepted) { EXPECT_EQ(problems(add_model()), ""); }

TEST(Malformed, CutFilesNeverCrash) {
  const std::string whole = test::model_bytes(add_model());
  for (std::size_t n = 0; n < whole.size(); ++n) (void)check(whole.substr(0, n));
  EXPECT_NE(check(""), "");
  EXPECT_NE(check("this is no model"), "");
}

TEST(Malformed, CyclesAreNamed) {
  test::ModelSpec m = add_model();
  m.graph.nodes = {{"Add", {"x", "b"}, {"a"}, {}, "one"}, {"Add", {"a", "w"}, {"b"}, {}, "two"}};
  m.graph.outputs = {{"b", DType::float32, {"n", 3}}};
  EXPECT_TRUE(contains(problems(m), "cycle")) << problems(m);
  EXPECT_TRUE(contains(problems(m), "'one'")) << problems(m);
}

TEST(Malformed, MissingAndDoubleDefinitionsAreNamed) {
  test::ModelSpec m = add_model();
  m.graph.nodes[0].inputs[1] = "nowhere";
  EXPECT_TRUE(contains(problems(m), "'nowhere'")) << problems(m);
  m = add_model();
  m.graph.nodes.push_back({"Neg", {"x"}, {"y"}, {}, "again"});
  EXPECT_TRUE(contains(problems(m), "'again'")) << problems(m);
  m = add_model();
  m.graph.outputs[0].name = "nothing";
  EXPECT_TRUE(contains(problems(m), "'nothing'")) << problems(m);
}

TEST(Malformed, UnknownOperatorsOpsetsDomainsAndAttributesAreNamed) {
  test::ModelSpec m = add_model();
  m.graph.nodes[0].op = "Frobnicate";
  EXPECT_TRUE(contains(problems(m), "Frobnicate 'bias'")) << problems(m);
  m = add_model();
  for (const std::int64_t version : {0, 28, 999}) {
    m.opsets = {{"", version}};
    EXPECT_NE(problems(m), "") << version;
  }
  m = add_model();
  m.graph.nodes[0].domain = "com.example";
  EXPECT_TRUE(contains(problems(m), "com.example")) << problems(m);
  m = add_model();
  m.graph.nodes[0].attributes = {{"volume", std::int64_t{11}}};
  EXPECT_TRUE(contains(problems(m), "volume")) << problems(m);
}

TEST(Malformed, SizesThatOverflowAreRefused) {
  for (const std::int64_t size : {std::int64_t{-1}, std::int64_t{1} << 62}) {
    test::ModelSpec m = add_model();
    m.graph.inputs[0].shape[0] = test::DimSpec(size);
    EXPECT_TRUE(contains(problems(m), "'x'")) << size << ": " << problems(m);
  }
}

TEST(Malformed, WrongElementTypesAndAxesAreRefused) {
  test::ModelSpec m = add_model();
  m.graph.initializers = {{"w", tensor_of<std::int64_t>({3}, std::vector<std::int64_t>{1, 2, 3})}};
  EXPECT_TRUE(contains(problems(m), "Add 'bias'")) << problems(m);
  m = add_model();
  m.graph.nodes = {{"Gather", {"x", "i"}, {"y"}, {{"axis", std::int64_t{1'000'000'000}}}, "pick"}};
  m.graph.initializers = {{"i", tensor_of<std::int64_t>({1}, std::vector<std::int64_t>{0})}};
  EXPECT_TRUE(contains(problems(m), "Gather 'pick'")) << problems(m);
}

TEST(Malformed, HostileNamesAreAccepted) {
  test::ModelSpec m = add_model();
  for (const std::string& name :
       {std::string("*/ int main() {"), std::string("a\nb\\"), std::string("\xff\xfe"), std::string(5000, 'a'), std::string("class")}) {
    m.graph.nodes[0].name = name;
    m.graph.inputs[0].name = m.graph.nodes[0].inputs[0] = name;
    m.graph.inputs[0].shape[0] = test::DimSpec("n*/\n" + name);
    EXPECT_EQ(problems(m), "");
  }
}

std::vector<std::string> seeds() {
  std::vector<std::string> out{test::model_bytes(add_model())};
  for (const auto& entry : fs::directory_iterator(test::source_dir() / "models/jets"))
    if (entry.path().extension() == ".onnx" && fs::file_size(entry.path()) < 300'000) {
      const MappedFile file(entry.path());
      out.emplace_back(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
    }
  return out;
}

TEST(Malformed, DamagedBytesNeverCrash) {
  const auto models = seeds();
  std::mt19937_64 random(20261124);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes = models[i % 4 == 0 ? static_cast<std::size_t>(random() % models.size()) : 0];
    for (std::uint64_t n = 1 + random() % 4; n > 0; --n) bytes[random() % bytes.size()] = static_cast<char>(random());
    EXPECT_NO_THROW((void)check(bytes)) << "file " << i;
  }
}

}  // namespace
}  // namespace inferc
