#include <gtest/gtest.h>

#include "tests/ops/run_node.hpp"

namespace inferc::test {
namespace {

const Tensor none;

// The kernels that a node is lowered to; x is an input [seq, batch, 1], the other operands are constants.
std::vector<std::string> kernels(const std::string& op, const std::vector<Tensor>& constants, Attributes attributes = {}) {
  Graph graph;
  std::vector<Value*> operands{graph.add_input("x", {DType::float32, {Dim(3), Dim(2), Dim(1)}})};
  for (const Tensor& t : constants) operands.push_back(t.dtype() == DType::undefined ? nullptr : graph.add_constant(t));
  Node* node = graph.add_node(op, operands, op == "LSTM" ? 3 : 2, std::move(attributes));
  Diagnostics diagnostics;
  EXPECT_TRUE(infer_node(*node, diagnostics));
  graph.set_outputs(node->outputs);
  Builder builder;
  Lower::Placement placement{{operands[0], builder.input(0, "x", *operands[0]->type)}};
  lower_node(*node, builder, placement, true);
  std::vector<std::string> out;
  for (const Call& c : builder.calls()) out.push_back(c.kernel);
  return out;
}
using Kernels = std::vector<std::string>;

std::vector<Tensor> weights(std::int64_t gates, std::int64_t directions = 1) {
  const auto ones = [](std::vector<std::int64_t> shape) {
    std::size_t n = 1;
    for (const std::int64_t d : shape) n *= static_cast<std::size_t>(d);
    return f32(std::move(shape), std::vector<float>(n, 1));
  };
  return {ones({directions, gates * 2, 1}), ones({directions, gates * 2, 2}), ones({directions, gates * 4})};
}

TEST(RecurrentFast, TakesEachDirectionOfGruAndLstm) {
  EXPECT_EQ(kernels("LSTM", weights(4)), Kernels{"cpu::lstm"});
  EXPECT_EQ(kernels("LSTM", weights(4, 2), {{"direction", std::string("bidirectional")}}), (Kernels{"cpu::lstm", "cpu::lstm"}));
  EXPECT_EQ(kernels("GRU", weights(3), {{"activations", std::vector<std::string>{"HardSigmoid", "Relu"}}}), Kernels{"cpu::gru"});
  EXPECT_EQ(kernels("GRU", weights(3), {{"linear_before_reset", std::int64_t{1}}}), Kernels{"cpu::gru_linear"});
}

TEST(RecurrentFast, LeavesTheRestToTheReference) {
  const Kernels lstm{"ref::lstm"}, gru{"ref::gru"};
  EXPECT_EQ(kernels("GRU", weights(3), {{"clip", 1.0f}}), gru);
  EXPECT_EQ(kernels("GRU", weights(3), {{"activations", std::vector<std::string>{"Softsign", "Tanh"}}}), gru);
  EXPECT_EQ(kernels("LSTM", weights(4), {{"input_forget", std::int64_t{1}}}), lstm);
  std::vector<Tensor> lengths = weights(3), peepholes = weights(4);
  lengths.push_back(i32({2}, {3, 1}));
  peepholes.insert(peepholes.end(), {none, none, none, f32({1, 6}, {1, 1, 1, 1, 1, 1})});
  EXPECT_EQ(kernels("GRU", lengths), gru);
  EXPECT_EQ(kernels("LSTM", peepholes), lstm);
}

}  // namespace
}  // namespace inferc::test
