#include "compiler/ops/expansion.hpp"

#include "compiler/ops/halves.hpp"

namespace inferc {

namespace {

// What stands in the place of each output, if the node is expanded: then it is gone.
std::optional<std::vector<Value*>> expanded(Node& node, Diagnostics& diagnostics) {
  Expand expansion(node, diagnostics);
  if (!may_expand(node) || !find_op(node.op, node.domain)->expand(expansion)) return std::nullopt;
  node.graph->erase(&node);
  return expansion.given();
}

}  // namespace

std::vector<Value*> Expand::several(std::string op, std::vector<Value*> inputs, std::size_t outputs, Attributes attributes, std::string domain) {
  Node* n = node.graph->add_for(node, std::move(op), std::move(inputs), outputs, std::move(attributes));
  n->domain = std::move(domain);
  const std::vector<Value*> own = n->outputs;
  if (!infer_node(*n, diagnostics_)) return own;
  const auto given = expanded(*n, diagnostics_);
  return given ? *given : own;
}

Value* Expand::operator()(std::string op, std::vector<Value*> inputs, Attributes attributes, std::string domain) {
  return several(std::move(op), std::move(inputs), 1, std::move(attributes), std::move(domain))[0];
}

Value* Expand::integers(const std::vector<std::int64_t>& values) {
  return constant(tensor_of<std::int64_t>({static_cast<std::int64_t>(values.size())}, std::span<const std::int64_t>(values)));
}

Value* Expand::reals(const std::vector<float>& values, std::vector<std::int64_t> shape) {
  return constant(tensor_of<float>(std::move(shape), std::span<const float>(values)));
}

Value* Expand::real(double value, DType t) { return constant(halves::scalar(t, value)); }

Value* Expand::cast(Value* v, DType to) { return v->type && v->type->dtype == to ? v : (*this)("Cast", {v}, {{"to", static_cast<std::int64_t>(to)}}); }

void Expand::give(std::size_t output, Value* v) {
  Value* old = node.out(output);
  if (!old) return;
  v->name = old->name;
  v->declared = old->declared;
  node.graph->replace_uses(old, v);
  given_.resize(node.outputs.size());
  given_[output] = v;
}

bool may_expand(const Node& node) {
  const Op* const op = find_op(node.op, node.domain);
  return op && op->expand;
}

bool is_read(const Node& n, std::size_t i) { return n.out(i) && n.graph->is_read(*n.out(i)); }

bool expand_node(Node& node, Diagnostics& diagnostics) { return expanded(node, diagnostics).has_value(); }

}  // namespace inferc
