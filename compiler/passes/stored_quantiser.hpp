#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/ir/graph.hpp"

namespace inferc {

// A quantiser of ONNX with one step 2^-fraction for all: QuantizeLinear, a Clip of its integers or none, DequantizeLinear. It gives multiples of the step,
// half to even, within low and high of them.
struct StoredQuantiser {
  std::vector<Node*> nodes;  // first to last, each read by the next alone
  int fraction;
  std::int64_t low, high;
};
// Nothing where `quantise` does not begin one.
[[nodiscard]] std::optional<StoredQuantiser> stored_quantiser(const Graph& graph, Node* quantise);

// The fraction of a DequantizeLinear by one step 2^-fraction whose zero point is 0: what it reads are the integers of what it gives.
[[nodiscard]] std::optional<int> fraction_of_integers(const Node& dequantise);

}  // namespace inferc
