#include "tests/support/onnx_writer.hpp"

#include <gtest/gtest.h>

#include "compiler/onnx/import.hpp"
#include "compiler/onnx/reader.hpp"
#include "tests/support/paths.hpp"

namespace inferc::test {
namespace {

std::unique_ptr<Graph> imported(const ModelSpec& spec, const std::string& test) {
  const auto path = scratch_dir(test) / "model.onnx";
  write_model(path, spec);
  const onnx::Model model = onnx::read(path);
  Diagnostics diagnostics;
  auto graph = onnx::import(model, diagnostics);
  for (const Diagnostic& d : diagnostics.errors()) ADD_FAILURE() << d.message;
  return graph;
}

TEST(OnnxWriter, IsReadBack) {
  ModelSpec spec;
  const std::vector<float> w{1, 2, 3};
  spec.graph.inputs = {{"x", DType::float32, {"batch", 3}}};
  spec.graph.initializers = {{"w", tensor_of<float>({3}, std::span<const float>(w))}};
  spec.graph.nodes = {{"Add", {"x", "w"}, {"s"}, {}, "sum"}, {"Transpose", {"s"}, {"y"}, {{"perm", std::vector<std::int64_t>{1, 0}}}}};
  spec.graph.outputs = {{"y", DType::float32, {3, "batch"}}};
  const auto graph = imported(spec, "onnx_writer");
  ASSERT_EQ(graph->nodes().size(), 2U);
  EXPECT_EQ(graph->nodes()[0]->name, "sum");
  EXPECT_EQ(graph->nodes()[1]->attr("perm", std::vector<std::int64_t>{}), (std::vector<std::int64_t>{1, 0}));
  EXPECT_EQ(text(*graph->inputs()[0]->type), "f32[batch, 3]");
  EXPECT_TRUE(graph->nodes()[0]->inputs[1]->constant->same(tensor_of<float>({3}, std::span<const float>(w))));
}

TEST(OnnxWriter, PacksNarrowElements) {
  Tensor t(DType::int4, {3});
  t.bytes()[0] = std::byte{1}, t.bytes()[1] = std::byte{0xfe}, t.bytes()[2] = std::byte{7};
  const std::string bytes = tensor_bytes(t);
  EXPECT_EQ(bytes.substr(bytes.size() - 2), "\xe1\x07");
}

}  // namespace
}  // namespace inferc::test
