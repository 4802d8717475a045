#pragma once
#include <map>
#include <optional>
#include <vector>

#include "compiler/passes/grid.hpp"

namespace inferc {

// A value that is a function of another, element by element: what lies between them, in order; the last node gives it.
struct PointFunction {
  Value* source;
  std::vector<Node*> nodes;
  std::size_t quantiser;  // of the nodes: the first from which on all values are on a grid
  // The one axis of the values along which constants among the operands vary; none: all are numbers.
  std::optional<std::size_t> axis;
};

// The functions of graph values that take few different ones: integers of an integer type or multiples of a step, of one or of one for each
// index of an axis.
class PointFunctions {
 public:
  static constexpr std::int64_t most_points = 1 << 12;
  PointFunctions(const Graph& graph, const grid::Facts& facts);

  // The function that ends with `quantiser`, a node of the graph which brings what is on no grid back to one, and with what follows it
  // element by element.
  [[nodiscard]] std::optional<PointFunction> ending_with(Node* quantiser) const;

 private:
  struct Walk;
  [[nodiscard]] bool has_few_values(const Value* v) const;
  [[nodiscard]] bool has_few_points(const Value* v) const;
  [[nodiscard]] bool is_on_grid(const Value* v) const;
  [[nodiscard]] Value* integer_behind(Value* v, std::vector<Node*>& nodes, std::optional<std::size_t>& axis) const;
  void extend(PointFunction& f) const;

  const Graph& graph_;
  const grid::Facts& facts_;
  std::map<const Node*, std::size_t> order_;
};

// What the function gives for values of the source's type, in a shape in which constants that vary along an axis broadcast; nothing where that
// is a fault.
[[nodiscard]] std::optional<Tensor> values_of(const PointFunction& f, const Tensor& points);

// The indices of points whose result is another where what the quantiser reads is off by 4 units in the last place.
[[nodiscard]] std::vector<std::int64_t> near_boundaries(const PointFunction& f, const Tensor& points, const Tensor& results);

}  // namespace inferc
