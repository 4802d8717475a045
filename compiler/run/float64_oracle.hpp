#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "compiler/ir/graph.hpp"

namespace inferc {

// A choice between elements (TopK, ArgMax, ArgMin of floating-point values) or between integers (Round, Floor, Ceil) that a run made
// otherwise than float64 would. Between elements closer than the rounding in front of them, or so close to where the integer changes, either
// choice is right; it changes what follows by more than rounding. `gap` is the largest distance of a chosen value to the one float64
// chooses, or of a rounded value to those that give the chosen integer, in units of eps max|x| over the node's operand, eps = 2^-23.
struct Choice {
  std::string node;
  std::size_t count = 0;  // elements chosen otherwise
  double gap = 0;
  // A tie by this measure: distances of norm and product, ||a||^2 - 2ab + ||b||^2, lose what the norms are larger.
  static constexpr double largest_tie = 64;
  [[nodiscard]] bool is_tie() const { return gap <= largest_tie; }
};

// Indices chosen in one run, and the results of roundings, by the name of the value that holds them; of a rounding without a name, by that of
// its node.
using Choices = std::map<std::string, Tensor, std::less<>>;

// What a run of `graph` on the host chooses.
[[nodiscard]] Choices choices_of(const Graph& graph, const std::vector<Tensor>& inputs, const SymbolValues& symbols);

struct ExactRun {
  std::vector<Tensor> outputs;  // float64 where the graph has float32, float16 or bfloat16
  std::vector<Choice> choices;  // where the given ones are not those of float64
};

// A graph in float64 by the reference kernels: the exact results of CORRECTNESS section 3, rule D.
class Float64Oracle {
 public:
  // Of a typed graph before any pass; keeps a copy.
  explicit Float64Oracle(const Graph& graph);

  // With the choices of `chosen` in place of its own; a choice that `chosen` does not name is made in float64.
  [[nodiscard]] ExactRun run(const std::vector<Tensor>& inputs, const SymbolValues& symbols, const Choices& chosen = {}) const;

  // Nodes whose results are integers or bools of floating-point operands (comparisons, roundings, choices) and differ
  // between a float32 and a float64 run: where a discontinuity of the network lies at these inputs.
  [[nodiscard]] std::vector<std::string> unstable_nodes(const std::vector<Tensor>& inputs, const SymbolValues& symbols) const;

 private:
  std::unique_ptr<Graph> narrow_, wide_;
};

}  // namespace inferc
