#pragma once
#include "compiler/ops/op.hpp"

namespace inferc {

// What an operator sees while nodes of other operators take its place: its operands have types, the results of new
// nodes get theirs at once.
class Expand {
 public:
  Expand(Node& node, Diagnostics& diagnostics) : node(node), diagnostics_(diagnostics) {}
  Node& node;

  [[nodiscard]] bool has(std::size_t i) const { return node.in(i) != nullptr; }
  [[nodiscard]] Value* in(std::size_t i) const { return node.in(i); }
  [[nodiscard]] const Type& type(std::size_t i) const { return *node.inputs[i]->type; }

  // The outputs of a new node before this one.
  std::vector<Value*> several(std::string op, std::vector<Value*> inputs, std::size_t outputs, Attributes attributes = {}, std::string domain = {});
  // The one output of a new node.
  Value* operator()(std::string op, std::vector<Value*> inputs, Attributes attributes = {}, std::string domain = {});
  Value* constant(Tensor t) { return node.graph->add_constant(std::move(t)); }
  Value* integers(const std::vector<std::int64_t>& values);
  Value* reals(const std::vector<float>& values, std::vector<std::int64_t> shape);
  Value* real(double value, DType t = DType::float32);  // a scalar
  Value* cast(Value* v, DType to);                      // `v` itself where it is of this type
  // Who read output `output` reads `v`, which takes over its name.
  void give(std::size_t output, Value* v);
  [[nodiscard]] const std::vector<Value*>& given() const { return given_; }

 private:
  Diagnostics& diagnostics_;
  std::vector<Value*> given_;
};

// Whether its operator may become nodes of others.
[[nodiscard]] bool may_expand(const Node& node);
// Puts the nodes that an inferred node stands for in its place; true if it did, and the node is gone.
bool expand_node(Node& node, Diagnostics& diagnostics);

// Whether a node or the graph's outputs read output `i`.
[[nodiscard]] bool is_read(const Node& n, std::size_t i);

}  // namespace inferc
