#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "compiler/onnx/import.hpp"
#include "compiler/onnx/reader.hpp"
#include "compiler/ops/evaluate_graph.hpp"
#include "compiler/passes/passes.hpp"
#include "compiler/run/compare.hpp"
#include "compiler/run/float64_oracle.hpp"
#include "tests/support/paths.hpp"

namespace inferc {
namespace {

namespace fs = std::filesystem;

std::unique_ptr<Graph> typed_model(const fs::path& path) {
  Diagnostics problems;
  auto graph = onnx::import(onnx::read(path), problems);
  if (graph->symbols().find("n_pf")) graph->symbols().set_bounds("n_pf", {8, 8});  // as many points as TopK takes
  if (problems.failed() || !infer_types(*graph, problems)) throw UserError(problems.errors());
  return graph;
}

Tensor random_tensor(const Type& type, const SymbolValues& symbols, std::mt19937& random) {
  std::vector<std::int64_t> shape;
  for (const Dim& d : type.shape) shape.push_back(evaluate(d, symbols));
  Tensor t(type.dtype, shape);
  std::normal_distribution<float> normal;
  std::bernoulli_distribution coin;
  if (type.dtype == DType::float32)
    for (float& e : t.as<float>()) e = normal(random);
  else if (type.dtype == DType::int64)
    for (std::int64_t& e : t.as<std::int64_t>()) e = coin(random) ? 1 : 0;
  else if (type.dtype == DType::boolean)
    for (bool& e : t.as<bool>()) e = coin(random);
  return t;
}

// Inputs where every symbol is `size`, as far as its bounds allow.
std::vector<Tensor> random_inputs(const Graph& graph, std::int64_t size, unsigned seed) {
  SymbolValues symbols;
  for (const Symbol& s : graph.symbols().all()) symbols[s.name] = std::clamp(size, s.bounds.lower, s.bounds.upper);
  std::mt19937 random(seed);
  std::vector<Tensor> out;
  for (const Value* v : graph.inputs()) out.push_back(random_tensor(*v->type, symbols, random));
  return out;
}

struct Sample {
  std::vector<Tensor> inputs, before;
  std::vector<RuleD> plain;  // errors of the graph as imported, in float32
};

std::vector<RuleD> errors(const Float64Oracle& oracle, const Graph& graph, const std::vector<Tensor>& inputs, const std::vector<Tensor>& results) {
  const ExactRun exact = oracle.run(inputs, {}, choices_of(graph, inputs, {}));
  for (const Choice& c : exact.choices) EXPECT_TRUE(c.is_tie()) << c.node << ": " << c.count << " choices " << c.gap << " eps apart";
  std::vector<RuleD> out;
  for (std::size_t i = 0; i < results.size(); ++i) out.push_back(check_rule_d(results[i], exact.outputs[i], nullptr));
  return out;
}

void expect_same(const std::vector<Tensor>& before, const std::vector<Tensor>& after) {
  ASSERT_EQ(before.size(), after.size());
  for (std::size_t i = 0; i < before.size(); ++i)
    EXPECT_TRUE(before[i].same(after[i])) << "output " << i << ": " << compare(after[i], before[i], {0, 0}).reason;
}

// Rule D with the imported graph as the peer.
RuleD against_plain(RuleD now, const RuleD& plain) {
  now.peer_error = plain.error;
  return pooled(now, now);
}

// Softmax of a saturated event hides its error, that of the rare other event is a matter of luck: its operand shows all.
void show_logits(Graph& graph) {
  std::vector<Value*> outputs = graph.outputs();
  for (Value*& v : outputs)
    if (v->producer && v->producer->is("Softmax")) v = v->producer->inputs[0];
  graph.set_outputs(outputs);
}

class Differential : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    graph_ = typed_model(test::source_dir() / "models/jets" / GetParam());
    show_logits(*graph_);
    oracle_ = std::make_unique<Float64Oracle>(*graph_);
    for (const std::int64_t size : {1, 5, 17})
      for (unsigned seed = 1; seed <= 2; ++seed) {
        Sample s{random_inputs(*graph_, size, seed), {}, {}};
        s.before = evaluate_graph(*graph_, s.inputs);
        s.plain = errors(*oracle_, *graph_, s.inputs, s.before);
        samples_.push_back(std::move(s));
      }
  }
  // The results after a pass, over all samples together.
  void check(const Pass& pass) {
    std::vector<RuleD> worst;
    for (Sample& s : samples_) {
      std::vector<Tensor> after = evaluate_graph(*graph_, s.inputs);
      if (pass.kind == PassClass::exact) {
        expect_same(s.before, after);
      } else {
        const auto now = errors(*oracle_, *graph_, s.inputs, after);
        for (std::size_t i = 0; i < now.size(); ++i) {
          const RuleD one = against_plain(now[i], s.plain[i]);
          if (i == worst.size()) worst.push_back(one);
          else worst[i] = pooled(worst[i], one);
        }
      }
      s.before = std::move(after);
    }
    for (std::size_t i = 0; i < worst.size(); ++i) EXPECT_TRUE(worst[i].passed) << "output " << i << ": " << worst[i].reason;
  }

  std::unique_ptr<Graph> graph_;
  std::unique_ptr<Float64Oracle> oracle_;
  std::vector<Sample> samples_;
};

// Each pass of the pipeline in its place keeps what the graph computes: the bits if it is exact, else the accuracy.
TEST_P(Differential, EveryPassKeepsTheResults) {
  for (const Pass& pass : pipeline()) {
    SCOPED_TRACE(std::string(pass.name));
    const std::string before = text(*graph_);
    const bool changed = pass.run(*graph_);
    verify(*graph_);
    if (changed || text(*graph_) != before) check(pass);
  }
}

INSTANTIATE_TEST_SUITE_P(Jets, Differential, testing::Values("jet_mlp.onnx", "gn2_small.onnx", "particlenet_lite.onnx"),
                         [](const auto& info) { return info.param.substr(0, info.param.find('.')); });

}  // namespace
}  // namespace inferc
