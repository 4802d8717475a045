#include <cmath>

#include <gtest/gtest.h>

#include "compiler/ops/evaluate_graph.hpp"
#include "compiler/passes/passes.hpp"
#include "tests/support/op_table.hpp"

// FlexAttention as the nodes that type inference expands it to.
namespace inferc::test {
namespace {

// A region of one node on its input and a constant.
Region modifier(const Graph& outer, const std::string& name, const std::string& op, float operand) {
  Region r{name, std::make_unique<Graph>(outer.shared_symbols()), 0};
  Value* x = r.graph->add_input("x", {});
  x->type.reset();  // its node knows it
  r.graph->set_outputs(
      {r.graph->add_node(op, {x, r.graph->add_constant(inferc::tensor_of<float>(std::vector<std::int64_t>{}, std::span<const float>(&operand, 1)))})
           ->outputs[0]});
  return r;
}

struct Given {
  std::int64_t heads = 4, kv = 4;
  bool modified = false;
};

Array expected(const Array& q, const Array& k, const Array& v, const Given& g) {
  Array y(DType::float32, {q.shape[0], q.shape[1], q.shape[2], v.shape[3]});
  for_each({q.shape[0], q.shape[1], q.shape[2]}, [&](const Index& i) {
    const std::int64_t head = i[1] / (g.heads / g.kv), keys = k.shape[2];
    std::vector<Real> weight(static_cast<std::size_t>(keys));
    Real sum = 0;
    for (std::int64_t t = 0; t < keys; ++t) {
      Real s = 0;
      for (std::int64_t d = 0; d < q.shape[3]; ++d) s += q.at({i[0], i[1], i[2], d}) * k.at({i[0], head, t, d});
      s /= std::sqrt(static_cast<Real>(q.shape[3]));
      sum += weight[static_cast<std::size_t>(t)] = std::exp(g.modified ? s * 0.5L : s);
    }
    for (std::int64_t t = 0; t < keys; ++t)
      for (std::int64_t d = 0; d < v.shape[3]; ++d)
        y.at({i[0], i[1], i[2], d}) += (weight[static_cast<std::size_t>(t)] / sum + (g.modified ? 0.25L : 0)) * v.at({i[0], head, t, d});
  });
  return y;
}

TEST(FlexAttention, IsProductsASoftmaxAndItsModifiers) {
  for (const Given& g : {Given{}, Given{4, 2}, Given{4, 4, true}, Given{4, 1, true}}) {
    Graph graph;
    const Array q = random(DType::float32, {2, g.heads, 3, 5}, 1, -1, 1), k = random(DType::float32, {2, g.kv, 6, 5}, 2, -1, 1),
                v = random(DType::float32, {2, g.kv, 6, 2}, 3, -1, 1);
    std::vector<Value*> inputs;
    for (const Array* a : {&q, &k, &v})
      inputs.push_back(graph.add_input("x" + std::to_string(inputs.size()), {a->dtype, Shape(a->shape.begin(), a->shape.end())}));
    Node* n = graph.add_node("FlexAttention", inputs);
    n->domain = "ai.onnx.preview";
    if (g.modified) {
      n->regions.push_back(modifier(graph, "score_mod", "Mul", 0.5f));
      n->regions.push_back(modifier(graph, "prob_mod", "Add", 0.25f));
    }
    graph.set_outputs({n->outputs[0]});
    Diagnostics problems;
    ASSERT_TRUE(infer_types(graph, problems)) << problems.errors()[0].message;
    verify(graph);
    Expected y{expected(q, k, v, g), {}};
    for (Real& value : y.value.values) {
      y.allowed.push_back(64 * roundoff(DType::float32) * (1 + std::fabs(value)));
      value = rounded(DType::float32, value);
    }
    EXPECT_EQ(difference(y, evaluate_graph(graph, {tensor_of(q), tensor_of(k), tensor_of(v)})[0]), "");
  }
}

TEST(FlexAttention, TellsWhatItLacks) {
  Graph graph;
  std::vector<Value*> inputs;
  for (const std::int64_t heads : {3, 2, 2})
    inputs.push_back(graph.add_input("x" + std::to_string(inputs.size()), {DType::float32, {Dim(1), Dim(heads), Dim(4), Dim(5)}}));
  Node* n = graph.add_node("FlexAttention", inputs);
  n->domain = "ai.onnx.preview";
  graph.set_outputs({n->outputs[0]});
  Diagnostics problems;
  EXPECT_FALSE(infer_types(graph, problems));
  EXPECT_NE(problems.errors()[0].message.find("must have rank 4, constant heads"), std::string::npos) << problems.errors()[0].message;
}

}  // namespace
}  // namespace inferc::test
