#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "compiler/run/tensor_file.hpp"
#include "compiler/support/write_files.hpp"
#include "tests/cli/cli.hpp"
#include "tests/support/onnx_writer.hpp"
#include "tests/support/paths.hpp"

// --outputs NAME,...: a part of a model.
namespace inferc::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// double = 2 x, shifted = 2 x + y, strange = an operator that nobody has, of z; `spare` is read by nothing.
ModelSpec three_heads() {
  ModelSpec m;
  m.graph.inputs = {f32("x", {"n"}), f32("y", {"n"}), f32("spare", {2}), f32("z", {"n"})};
  m.graph.initializers = {{"two", tensor_of<float>({1}, std::vector<float>{2})}};
  m.graph.nodes = {{"Mul", {"x", "two"}, {"double"}}, {"Unheard", {"z"}, {"strange"}, {}, "odd", "some.where"}, {"Add", {"double", "y"}, {"shifted"}}};
  m.graph.outputs = {f32("double", {"n"}), f32("strange", {"n"}), f32("shifted", {"n"})};
  m.opsets = {{"", 17}, {"some.where", 1}};
  return m;
}

std::vector<std::string> names(const Json& ports) {
  std::vector<std::string> out;
  for (const Json& p : ports) out.push_back(p["name"]);
  return out;
}

Json manifest_of(const fs::path& model, const std::string& outputs) {
  const fs::path out = model.parent_path() / "out";
  const Finished r = cli({"compile", model, "-o", out, "--name", "net", "--isa", "base", "--outputs", outputs});
  EXPECT_EQ(r.status, 0) << r.output;
  return Json::parse(text_of(out / "net.json"));
}

TEST(Outputs, DropsWhatOnlyTheOthersNeed) {
  const fs::path model = written("outputs", three_heads());
  EXPECT_EQ(cli({"check", model}).status, 1);
  EXPECT_EQ(cli({"check", model, "--outputs", "shifted,double"}).status, 0);
  const Json both = manifest_of(model, "shifted,double");
  EXPECT_EQ(names(both["outputs"]), (std::vector<std::string>{"double", "shifted"}));
  EXPECT_EQ(names(both["inputs"]), (std::vector<std::string>{"x", "y", "spare"}));
  const Json one = manifest_of(model, "double");
  EXPECT_EQ(names(one["outputs"]), std::vector<std::string>{"double"});
  EXPECT_EQ(names(one["inputs"]), (std::vector<std::string>{"x", "spare"}));
  EXPECT_EQ(one["calls"].size(), 1U);
}

TEST(Outputs, NewWeightsFitThePart) {
  const auto scaled_by = [](float a, float b) {
    ModelSpec m = three_heads();
    m.graph.initializers[0].second = tensor_of<float>({2}, std::vector<float>{a, b});
    return m;
  };
  const fs::path model = written("outputs_weights", scaled_by(2, 3)), dir = model.parent_path();
  (void)manifest_of(model, "shifted");
  write_model(dir / "new.onnx", scaled_by(4, 5));
  const Finished r = cli({"weights", dir / "new.onnx", "--for", dir / "out/net.json", "-o", dir / "new.weights"});
  EXPECT_EQ(r.status, 0) << r.output;
}

TEST(Outputs, RunTakesItsInputsAndGivesThem) {
  const fs::path model = written("outputs_run", three_heads()), dir = model.parent_path();
  fs::create_directory(dir / "in");
  write_file(dir / "in/x.npy", npy_file(tensor_of<float>({2}, std::vector<float>{1, 2})));
  write_file(dir / "in/y.npy", npy_file(tensor_of<float>({2}, std::vector<float>{10, 20})));
  write_file(dir / "in/spare.npy", npy_file(tensor_of<float>({2}, std::vector<float>{0, 0})));
  const Finished r = cli({"run", model, "--keep", "shifted", "--inputs", dir / "in", "--outputs", dir / "out"});
  ASSERT_EQ(r.status, 0) << r.output;
  const Tensor shifted = read_npy(dir / "out/output_0.npy");
  EXPECT_EQ(shifted.as<float>()[0], 12);
  EXPECT_EQ(shifted.as<float>()[1], 24);
  EXPECT_FALSE(fs::exists(dir / "out/output_1.npy"));
}

TEST(Outputs, WhatIsCarriedStays) {
  const fs::path model = written("outputs_carry", three_heads()), dir = model.parent_path();
  const fs::path out = dir / "out";
  const Finished r = cli({"compile", model, "-o", out, "--name", "net", "--isa", "base", "--outputs", "double", "--carry", "shifted=y", "--dim", "n=2"});
  ASSERT_EQ(r.status, 0) << r.output;
  const Json j = Json::parse(text_of(out / "net.json"));
  EXPECT_EQ(names(j["outputs"]), std::vector<std::string>{"double"});
  EXPECT_EQ(names(j["inputs"]), (std::vector<std::string>{"x", "spare"}));
  EXPECT_EQ(j["state"].size(), 1U);
}

TEST(Outputs, AnUnknownNameIsWrongUsage) {
  const fs::path model = written("outputs_unknown", three_heads());
  for (const char* command : {"check", "inspect"}) {
    const Finished r = cli({command, model, "--outputs", "double,total"});
    EXPECT_EQ(r.status, 2);
    EXPECT_NE(r.output.find("error: --outputs: the model has no output 'total'\nhelp: its outputs are double, strange, shifted\n"), std::string::npos)
        << r.output;
  }
}

// ONNX Runtime gets the part alone: it would refuse the whole model.
TEST(Outputs, ThePeerGetsThePart) {
  const fs::path model = written("outputs_peer", three_heads());
  const Finished r = cli({"verify", model, "--against", "onnxruntime", "--dim", "n=0..5", "--outputs", "shifted"});
  if (r.output.find("libonnxruntime") != std::string::npos) GTEST_SKIP() << r.output;
  EXPECT_EQ(r.status, 0) << r.output;
  EXPECT_EQ(r.output.find("refuses"), std::string::npos) << r.output;
}

}  // namespace
}  // namespace inferc::test
