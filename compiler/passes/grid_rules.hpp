#pragma once
#include <functional>
#include <string_view>

#include "compiler/passes/grid_arithmetic.hpp"

// The fact of a node's first output from those of its inputs, one rule per operator.
namespace inferc::grid {

// What a rule sees: facts of the inputs, as a whole or along an axis of the result.
class View {
 public:
  using Find = std::function<const Grid*(const Value*)>;
  View(const Node& node, const Find& find) : node(node), find_(find) {}
  const Node& node;

  [[nodiscard]] const Shape& shape(std::size_t i) const { return node.in(i)->type->shape; }
  [[nodiscard]] const Shape& out() const { return node.out()->type->shape; }
  [[nodiscard]] const Tensor* constant(std::size_t i) const { return node.in(i) && node.in(i)->constant ? &*node.in(i)->constant : nullptr; }
  // Null: input i is absent or has no fact.
  [[nodiscard]] const Grid* in(std::size_t i) const { return node.in(i) ? find_(node.in(i)) : nullptr; }
  // The same as seen in the result; of a constant along `axis` of the result where it varies there alone.
  [[nodiscard]] std::optional<Grid> in_result(std::size_t i, std::optional<std::size_t> axis = std::nullopt) const;
  // Whether nothing that is on a grid was rounded on its way here.
  [[nodiscard]] bool exact() const;
  // Elements of a constant with one.
  [[nodiscard]] std::optional<double> number(std::size_t i) const;

 private:
  const Find& find_;
};

using Rule = std::optional<Grid> (*)(const View&);

// Null where there is none for the operator.
[[nodiscard]] Rule find_rule(const Node& node);

// Tables of the parts, joined by find_rule.
using Rules = std::map<std::string_view, Rule>;
[[nodiscard]] const Rules& elementwise_rules();
[[nodiscard]] const Rules& movement_rules();
[[nodiscard]] const Rules& layer_rules();
[[nodiscard]] const Rules& quantiser_rules();

}  // namespace inferc::grid
