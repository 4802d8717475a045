#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/run/tensor_file.hpp"
#include "compiler/support/process.hpp"
#include "compiler/support/write_files.hpp"
#include "tests/cli/cli.hpp"
#include "tests/support/onnx_writer.hpp"
#include "tests/support/paths.hpp"

// --op DOMAIN::NAME=header.hpp: an operator that the user brings.
namespace inferc::test {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view header = R"(#pragma once
#include <cmath>

#include "kernels/view.hpp"

namespace mine {

// Each row next to itself times its scale, and the largest magnitude of each row.
// inferc: mine::widen(x: f32[n, d], scale: f32[n], power: float, times: int = 1) -> y: f32[n, 2*d], top: f32[n]
inline void widen(inferc::View<const float, 2> x, inferc::View<const float, 1> scale, float power, std::int64_t times, inferc::View<float, 2> y,
                  inferc::View<float, 1> top) noexcept {
  for (std::size_t r = 0; r < x.shape[0]; ++r) {
    top(r) = 0;
    for (std::size_t c = 0; c < x.shape[1]; ++c) {
      y(r, c) = x(r, c);
      y(r, c + x.shape[1]) = std::pow(x(r, c), power) * scale(r) * static_cast<float>(times);
      top(r) = std::fmax(top(r), std::fabs(x(r, c)));
    }
  }
}

// The same of doubles.
// inferc: mine::halve(x: f64[n]) -> y: f64[n]
inline void halve(inferc::View<const double, 1> x, inferc::View<double, 1> y) noexcept {
  for (std::size_t r = 0; r < x.shape[0]; ++r) y(r) = x(r) / 2;
}

}  // namespace mine
)";

Tensor floats(std::vector<std::int64_t> shape, std::vector<float> v) { return tensor_of<float>(std::move(shape), v); }

// y, top = Widen(-x, scale) with a transposed operand, so that its view has strides.
ModelSpec widening() {
  ModelSpec m;
  m.graph.inputs = {f32("x", {2, "n"}), f32("scale", {"n"})};
  m.graph.nodes = {{"Transpose", {"x"}, {"t"}}, {"Widen", {"t", "scale"}, {"wide", "top"}, {{"power", 2.0F}}, "mine", "my.domain"}, {"Neg", {"wide"}, {"y"}}};
  m.graph.outputs = {f32("y", {"n", 4}), f32("top", {"n"})};
  m.opsets = {{"", 17}, {"my.domain", 1}};
  return m;
}

struct Written {
  fs::path dir, model;
  std::string option;
};
Written written_with(const std::string& test, const ModelSpec& m, std::string_view text = header) {
  const fs::path dir = scratch_dir(test);
  write_model(dir / "model.onnx", m);
  write_file(dir / "widen.hpp", std::string(text));
  return {dir, dir / "model.onnx", fmt::format("my.domain::Widen={}", (dir / "widen.hpp").string())};
}

void expect_refusal(const std::string& test, const ModelSpec& m, std::string_view text, const std::string& message, const std::string& help, int status = 1) {
  const Written w = written_with(test, m, text);
  const Finished r = cli({"check", w.model, "--op", w.option});
  EXPECT_EQ(r.status, status) << r.output;
  EXPECT_NE(r.output.find(message), std::string::npos) << r.output;
  EXPECT_NE(r.output.find(help), std::string::npos) << r.output;
}

TEST(UserOp, IsCalledOnViewsAndCopiedIntoTheCode) {
  const Written w = written_with("user_op", widening());
  ASSERT_EQ(cli({"compile", w.model, "-o", w.dir / "net", "--name", "net", "--op", w.option}).status, 0);
  EXPECT_NE(text_of(w.dir / "net/net_body.hpp").find("mine::widen(View<const float, 2>{"), std::string::npos);
  fs::remove(w.dir / "widen.hpp");
  const std::string strict = "c++ -std=c++20 -Wall -Wextra -Wpedantic -Werror -fno-exceptions -fno-rtti -O1 -ffp-contract=off -c ";
  const Finished built = run_process({{"bash", "-c", strict + "net/net_base.cpp -o base.o && " + strict + "net/net.cpp -o net.o"}, w.dir, 120});
  EXPECT_EQ(built.status, 0) << built.output;
}

TEST(UserOp, IsCheckedByVerifyAgainstStoredAnswers) {
  const Written w = written_with("user_op_verify", widening());
  for (const float error : {0.0F, 1.0F}) {
    const fs::path set = w.dir / "test_data_set_0";
    fs::create_directories(set);
    write_file(set / "input_0.pb", tensor_bytes(floats({2, 3}, {1, 2, 3, -4, 5, 6}), "x"));
    write_file(set / "input_1.pb", tensor_bytes(floats({3}, {1, 10, 100}), "scale"));
    write_file(set / "output_0.pb", tensor_bytes(floats({3, 4}, {-1 + error, 4, -1, -16, -2, -5, -40, -250, -3, -6, -900, -3600}), "y"));
    write_file(set / "output_1.pb", tensor_bytes(floats({3}, {4, 5, 6}), "top"));
    const Finished r = cli({"verify", w.dir, "-j", "1", "--op", w.option});
    EXPECT_EQ(r.status, error == 0 ? 0 : 1) << r.output;
  }
  EXPECT_EQ(cli({"verify", w.model, "--op", w.option, "--against", "onnxruntime"}).status, 2);
}

TEST(UserOp, TakesThePlaceOfAFunctionOfTheModel) {
  ModelSpec m = widening();
  m.functions = {
      {.name = "Widen", .domain = "my.domain", .inputs = {"a", "b"}, .outputs = {"c", "d"}, .attributes = {"power"}, .nodes = {{"NoSuch", {"a"}, {"c", "d"}}}}};
  const Written w = written_with("user_op_function", m);
  EXPECT_EQ(cli({"check", w.model}).status, 1);
  EXPECT_EQ(cli({"check", w.model, "--op", w.option}).status, 0);
}

TEST(UserOp, IsTheRemedyForAnUnknownOperator) {
  const Written w = written_with("user_op_unknown", widening());
  const Finished r = cli({"check", w.model});
  EXPECT_EQ(r.status, 1);
  EXPECT_NE(r.output.find("error: my.domain.Widen 'mine' (opset 1): this operator is not supported\nhelp: "), std::string::npos) << r.output;
  EXPECT_NE(r.output.find("--op DOMAIN::NAME=header.hpp"), std::string::npos) << r.output;
}

TEST(UserOp, RefusesOperandsThatNoFunctionTakes) {
  ModelSpec m = widening();
  m.graph.nodes[1].inputs = {"t", "t"};
  expect_refusal("user_op_rank", m, header, "no function of 'widen.hpp' takes (f32[n, 2], f32[n, 2]) for 2 outputs", "mine::widen(x: f32[n, d]");
  m = widening();
  m.graph.nodes[1].inputs = {"x", "scale"};
  m.graph.inputs = {f32("x", {2, 3}), f32("scale", {3})};
  m.graph.outputs = {f32("y", {2, 6}), f32("top", {2})};
  expect_refusal("user_op_sizes", m, header, "sizes 2 and 3 differ", "error: my.domain.Widen 'mine'");
  m = widening();
  m.graph.nodes[1].attributes.clear();
  expect_refusal("user_op_attribute", m, header, "attribute 'power' is missing", "power: float");
}

TEST(UserOp, RefusesHeadersWithoutASignatureAndOptionsThatAreNone) {
  expect_refusal("user_op_silent", widening(), "inline void f() {}\n", "has no line that tells", "// inferc: NAME(");
  expect_refusal("user_op_type", widening(), "// inferc: f(x: f99[n]) -> y: f32[n]\n", "no type is 'f99[n]'", "// inferc: NAME(");
  expect_refusal("user_op_arrow", widening(), "// inferc: f(x: f32[n])\n", "no signature is", "// inferc: NAME(");
  const Written w = written_with("user_op_option", widening());
  EXPECT_EQ(cli({"check", w.model, "--op", "Widen=" + (w.dir / "widen.hpp").string()}).status, 2);
  EXPECT_EQ(cli({"check", w.model, "--op", "my.domain::Widen"}).status, 2);
  EXPECT_EQ(cli({"check", w.model, "--op", "my.domain::Widen=" + (w.dir / "none.hpp").string()}).status, 1);
  const Finished known = cli({"check", w.model, "--op", "ai.onnx::Relu=" + (w.dir / "widen.hpp").string()});
  EXPECT_NE(known.output.find("there is an operator Relu already"), std::string::npos) << known.output;
}

}  // namespace
}  // namespace inferc::test
