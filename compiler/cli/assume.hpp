#pragma once
#include <string>
#include <vector>

#include "compiler/ir/graph.hpp"
#include "compiler/onnx/model.hpp"

namespace inferc::cli {

// --assume INPUT=VALUE: every element of the input is the value. The input leaves the interface.
struct Assumption {
  std::string option, input;
  double value = 0;
};
// Throws UsageError for names that the file does not have, values that are no numbers, and an input that is assumed twice.
[[nodiscard]] std::vector<Assumption> parse_assumptions(const onnx::Graph& graph, const std::vector<std::string>& options);

// An input that is no longer one: where it stood among the inputs of the file, and its element.
struct AssumedInput {
  std::size_t index;
  std::string name;
  Type type;
  Tensor element;  // one
};
// Inputs of fixed size become constants, so that sizes may follow from them: before types are inferred. Throws UserError for a value
// that the element type does not have.
void assume_fixed(Graph& graph, const std::vector<Assumption>& assumptions, std::vector<AssumedInput>& out);
// The others become one element, expanded: once types are known.
void assume_sized(Graph& graph, std::vector<AssumedInput>& assumed);
// `inputs` with those that are assumed between them, at these sizes: what the whole model takes.
[[nodiscard]] std::vector<Tensor> with_assumed(const std::vector<Tensor>& inputs, const std::vector<AssumedInput>& assumed, const SymbolValues& sizes);

}  // namespace inferc::cli
