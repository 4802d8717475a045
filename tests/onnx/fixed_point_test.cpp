#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "compiler/onnx/fixed_point.hpp"
#include "compiler/onnx/import.hpp"
#include "compiler/onnx/reader.hpp"
#include "compiler/ops/evaluate_graph.hpp"
#include "compiler/passes/passes.hpp"
#include "tests/support/onnx_writer.hpp"

// Model-local functions inferc.fixed::Quantize_*: one node of ours where the body is the canonical one.
namespace inferc::test {
namespace {

using Body = std::vector<NodeSpec>;

Body body_of(const std::string& rounding, const std::string& overflow) {
  const std::map<std::string, Body> roundings{
      {"TRN", {{"Floor", {"v"}, {"r"}}}},
      {"RND", {{"Add", {"v", "half"}, {"s"}}, {"Floor", {"s"}, {"r"}}}},
      {"RND_CONV", {{"Round", {"v"}, {"r"}}}},
      {"RND_MIN_INF", {{"Sub", {"v", "half"}, {"s"}}, {"Ceil", {"s"}, {"r"}}}},
      {"TRN_ZERO", {{"Abs", {"v"}, {"a"}}, {"Floor", {"a"}, {"b"}}, {"Sign", {"v"}, {"g"}}, {"Mul", {"b", "g"}, {"r"}}}},
      {"RND_INF", {{"Abs", {"v"}, {"a"}}, {"Add", {"a", "half"}, {"s"}}, {"Floor", {"s"}, {"b"}}, {"Sign", {"v"}, {"g"}}, {"Mul", {"b", "g"}, {"r"}}}},
      {"RND_ZERO", {{"Abs", {"v"}, {"a"}}, {"Sub", {"a", "half"}, {"s"}}, {"Ceil", {"s"}, {"b"}}, {"Sign", {"v"}, {"g"}}, {"Mul", {"b", "g"}, {"r"}}}}};
  const Body clip{{"Min", {"r", "high"}, {"m"}}, {"Max", {"m", "low"}, {"q"}}};
  const Body wrap{{"Sub", {"high", "low"}, {"w"}}, {"Add", {"w", "one"}, {"n"}}, {"Sub", {"r", "low"}, {"d"}}, {"Div", {"d", "n"}, {"e"}},
                  {"Floor", {"e"}, {"t"}},         {"Mul", {"t", "n"}, {"u"}},   {"Sub", {"r", "u"}, {"q"}}};
  Body out{{"Constant", {}, {"half"}, {{"value_float", 0.5f}}}, {"Constant", {}, {"one"}, {{"value_float", 1.0f}}}, {"Mul", {"x", "scale"}, {"v"}}};
  for (const NodeSpec& n : roundings.at(rounding)) out.push_back(n);
  for (const NodeSpec& n : overflow == "WRAP" ? wrap : clip) out.push_back(n);
  out.push_back({"Div", {"q", "scale"}, {"y"}});
  return out;
}

// Every quarter from -9 to 9, neighbours of ties, large and special values.
std::vector<float> points() {
  std::vector<float> out{0.49999997f,
                         -0.49999997f,
                         8388607.5f,
                         1e9f,
                         -1e9f,
                         3e38f,
                         1e-40f,
                         std::numeric_limits<float>::infinity(),
                         -std::numeric_limits<float>::infinity(),
                         std::numeric_limits<float>::quiet_NaN()};
  for (int k = -36; k <= 36; ++k)
    for (const float v : {static_cast<float>(k) / 4, std::nextafter(static_cast<float>(k) / 4, 100.0f), std::nextafter(static_cast<float>(k) / 4, -100.0f)})
      out.push_back(v);
  return out;
}

Tensor row(const std::vector<float>& v) { return tensor_of<float>({static_cast<std::int64_t>(v.size())}, std::span<const float>(v)); }
Tensor number(float v) { return tensor_of<float>({}, std::span<const float>(&v, 1)); }

ModelSpec model(const std::string& domain, const std::string& name, const Body& body) {
  ModelSpec m;
  m.opsets = {{"", 21}, {domain, 1}};
  m.functions = {{.name = name, .domain = domain, .inputs = {"x", "scale", "low", "high"}, .outputs = {"y"}, .nodes = body, .opsets = {{"", 21}}}};
  m.graph.inputs = {{"a", DType::float32, {"n"}}};
  m.graph.initializers = {{"s", number(2)}, {"l", number(-8)}, {"h", number(6)}};
  m.graph.nodes = {{.op = name, .inputs = {"a", "s", "l", "h"}, .outputs = {"b"}, .name = "q", .domain = domain}};
  m.graph.outputs = {{"b", DType::float32, {"n"}}};
  return m;
}

struct Imported {
  std::unique_ptr<Graph> graph;
  Diagnostics diagnostics;
};

Imported imported(const ModelSpec& m) {
  Imported out;
  const std::string bytes = model_bytes(m);
  out.graph = onnx::import(onnx::parse(std::as_bytes(std::span(bytes))), out.diagnostics);
  EXPECT_TRUE(infer_types(*out.graph, out.diagnostics));
  return out;
}

std::vector<float> results(const Graph& g, const std::vector<float>& x) {
  const Tensor out = evaluate_graph(g, {row(x)})[0];
  return {out.as<float>().begin(), out.as<float>().end()};
}

TEST(FixedPoint, IsOneNodeThatComputesTheBodyToTheBit) {
  const std::vector<float> x = points();
  for (const std::string rounding : {"TRN", "RND", "RND_CONV", "TRN_ZERO", "RND_ZERO", "RND_INF", "RND_MIN_INF"})
    for (const std::string overflow : {"SAT", "SAT_SYM", "WRAP"}) {
      const Body body = body_of(rounding, overflow);
      const Imported whole = imported(model("inferc.fixed", fmt::format("Quantize_{}_{}", rounding, overflow), body));
      const Imported parts = imported(model("other", "Quantize", body));
      ASSERT_EQ(whole.graph->size(), 1u) << rounding << overflow;
      EXPECT_TRUE(whole.graph->nodes()[0]->is("Quantize", "inferc"));
      EXPECT_TRUE(whole.diagnostics.warnings().empty());
      ASSERT_GT(parts.graph->size(), 1u);
      const auto a = results(*whole.graph, x), b = results(*parts.graph, x);
      for (std::size_t i = 0; i < x.size(); ++i)
        EXPECT_TRUE(a[i] == b[i] || (a[i] != a[i] && b[i] != b[i])) << rounding << overflow << " of " << x[i] << ": " << a[i] << ", body " << b[i];
    }
}

TEST(FixedPoint, TakesBodiesWhoseValuesHaveOtherNames) {
  Body body = body_of("RND", "SAT");
  for (NodeSpec& n : body)
    for (auto* names : {&n.inputs, &n.outputs})
      for (std::string& name : *names)
        if (name == "v" || name == "s" || name == "r" || name == "half") name = "other_" + name;
  EXPECT_EQ(imported(model("inferc.fixed", "Quantize_RND_SAT", body)).graph->size(), 1u);
}

TEST(FixedPoint, CompilesAnotherBodyAsWrittenAndWarns) {
  for (const auto& [name, body] : {std::pair("Quantize_RND_SAT", body_of("TRN", "SAT")), std::pair("Quantize_RND_WRAP", body_of("RND", "SAT"))}) {
    const Imported i = imported(model("inferc.fixed", name, body));
    EXPECT_GT(i.graph->size(), 1u);
    ASSERT_EQ(i.diagnostics.warnings().size(), 1u);
    EXPECT_NE(i.diagnostics.warnings()[0].message.find(std::string(name) + "' does not compute what its name says"), std::string::npos);
  }
}

TEST(FixedPoint, RefusesParametersThatDoNotBroadcast) {
  ModelSpec m = model("inferc.fixed", "Quantize_RND_SAT", body_of("RND", "SAT"));
  m.graph.inputs[0].shape = {4};
  m.graph.outputs[0].shape = {4};
  m.graph.initializers[0].second = row({1, 2, 4});
  const std::string bytes = model_bytes(m);
  Diagnostics d;
  const auto graph = onnx::import(onnx::parse(std::as_bytes(std::span(bytes))), d);
  EXPECT_FALSE(infer_types(*graph, d));
  ASSERT_FALSE(d.errors().empty());
  EXPECT_NE(d.errors()[0].message.find("Quantize"), std::string::npos) << d.errors()[0].message;
}

}  // namespace
}  // namespace inferc::test
