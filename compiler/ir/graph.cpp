#include "compiler/ir/graph.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/support/diagnostics.hpp"

namespace inferc {

std::string text(const Type& type) {
  std::string dims;
  for (const Dim& d : type.shape) dims += (dims.empty() ? "" : ", ") + d.text();
  return fmt::format("{}[{}]", short_name(type.dtype), dims);
}

Graph::Graph(std::shared_ptr<Symbols> symbols) : symbols_(std::move(symbols)) {}

Value* Graph::new_value(std::string value_name, std::optional<Type> type) {
  auto value = std::make_unique<Value>();
  value->id = next_id_++;
  value->name = std::move(value_name);
  value->type = std::move(type);
  values_.push_back(std::move(value));
  return values_.back().get();
}

Value* Graph::add_input(std::string input_name, Type type) {
  inputs_.push_back(new_value(std::move(input_name), std::move(type)));
  return inputs_.back();
}

Value* Graph::add_constant(Tensor tensor, std::string constant_name) {
  Type type{tensor.dtype(), Shape(tensor.shape().begin(), tensor.shape().end())};
  Value* value = new_value(std::move(constant_name), std::move(type));
  value->constant = std::move(tensor);
  return value;
}

Node* Graph::add_node(std::string op, std::vector<Value*> inputs, std::size_t outputs, Attributes attributes, Node* before) {
  auto node = std::make_unique<Node>();
  node->op = std::move(op);
  node->inputs = std::move(inputs);
  node->attributes = std::move(attributes);
  node->graph = this;
  for (std::size_t i = 0; i < outputs; ++i) {
    node->outputs.push_back(new_value());
    node->outputs.back()->producer = node.get();
  }
  Node* out = node.get();
  where_[out] = order_.insert(before ? where_.at(before) : order_.end(), std::move(node));
  link(out);
  return out;
}

void Graph::link(Node* node) {
  for (std::size_t i = 0; i < node->inputs.size(); ++i)
    if (node->inputs[i]) node->inputs[i]->uses.push_back({node, i});
}

void Graph::unlink(Node* node) {
  for (Value* v : node->inputs)
    if (v) std::erase_if(v->uses, [&](const Use& u) { return u.node == node; });
}

void Graph::set_outputs(std::vector<Value*> outputs) { outputs_ = std::move(outputs); }

void Graph::set_input(Node* node, std::size_t index, Value* value) {
  if (Value* old = node->inputs[index]) std::erase(old->uses, Use{node, index});
  node->inputs[index] = value;
  if (value) value->uses.push_back({node, index});
}

void Graph::add_operand(Node* node, Value* value) {
  node->inputs.push_back(value);
  if (value) value->uses.push_back({node, node->inputs.size() - 1});
}

void Graph::drop_operands(Node* node, std::size_t count) {
  while (node->inputs.size() > count) {
    set_input(node, node->inputs.size() - 1, nullptr);
    node->inputs.pop_back();
  }
}

void Graph::replace_uses(Value* old_value, Value* new_value) {
  if (old_value == new_value) return;
  for (const Use& u : std::vector<Use>(old_value->uses)) set_input(u.node, u.index, new_value);
  std::replace(outputs_.begin(), outputs_.end(), old_value, new_value);
}

void Graph::erase(Node* node) {
  for (const Value* v : node->outputs)
    if (v && (!v->uses.empty() || is_output(v))) internal_error("erasing a node that is read: " + address(*node));
  unlink(node);
  std::vector<Value*> dead = node->outputs;
  const auto at = where_.find(node);
  order_.erase(at->second);
  where_.erase(at);
  std::erase_if(values_, [&](const auto& v) { return std::find(dead.begin(), dead.end(), v.get()) != dead.end(); });
}

void Graph::move_before(Node* node, Node* before) { order_.splice(before ? where_.at(before) : order_.end(), order_, where_.at(node)); }

void Graph::remove_input(std::size_t index) {
  Value* value = inputs_[index];
  if (!value->uses.empty() || is_output(value)) internal_error("removing a graph input that is read");
  inputs_.erase(inputs_.begin() + static_cast<std::ptrdiff_t>(index));
  std::erase_if(values_, [&](const auto& v) { return v.get() == value; });
}

void Graph::move_input_to_front(std::size_t index) {
  const auto at = inputs_.begin() + static_cast<std::ptrdiff_t>(index);
  std::rotate(inputs_.begin(), at, at + 1);
}

void Graph::substitute_symbol(std::string_view symbol, const Dim& size) {
  const auto in = [&](Shape& shape) {
    for (Dim& d : shape) d = substitute(d, [&](std::string_view n) { return n == symbol ? std::optional(size) : std::nullopt; });
  };
  for (Value* v : inputs_) in(v->type->shape);
  for (const auto& v : values_) {
    if (v->declared) in(*v->declared);
    if (v->content) in(*v->content);
  }
}

// What it does is more than its results: it sets a symbol, or checks sizes that the caller gives.
namespace {
bool has_effect(const Node& n) { return !n.measures.empty() || n.is("GivenSizes", "inferc"); }
}  // namespace

bool Graph::erase_dead() {
  bool changed = false;
  for (auto at = order_.end(); at != order_.begin();) {
    Node* node = (--at)->get();
    if (is_read(*node) || has_effect(*node)) continue;
    ++at;
    erase(node);
    changed = true;
  }
  std::erase_if(values_, [&](const auto& v) {
    return v->is_constant() && !v->producer && v->uses.empty() && !is_output(v.get()) && std::find(inputs_.begin(), inputs_.end(), v.get()) == inputs_.end();
  });
  return changed;
}

Node* Graph::add_for(Node& node, std::string op, std::vector<Value*> inputs, std::size_t outputs, Attributes attributes) {
  Node* out = add_node(std::move(op), std::move(inputs), outputs, std::move(attributes), &node);
  out->name = node.name;
  out->origins = node.origins;
  out->opset = node.opset;
  return out;
}

bool Graph::is_read(const Value& value) const { return !value.uses.empty() || is_output(&value); }

bool Graph::is_read(const Node& node) const {
  return std::any_of(node.outputs.begin(), node.outputs.end(), [&](const Value* v) { return v && is_read(*v); });
}

bool Graph::is_output(const Value* value) const { return std::find(outputs_.begin(), outputs_.end(), value) != outputs_.end(); }

std::vector<Node*> Graph::nodes() const {
  std::vector<Node*> out;
  out.reserve(order_.size());
  for (const auto& n : order_) out.push_back(n.get());
  return out;
}

std::vector<Value*> Graph::constants() const {
  std::vector<Value*> out;
  for (const auto& v : values_)
    if (v->is_constant() && !v->producer && std::find(inputs_.begin(), inputs_.end(), v.get()) == inputs_.end()) out.push_back(v.get());
  return out;
}

Node* Graph::only_user(const Value* value) const { return value->uses.size() == 1 && !is_output(value) ? value->uses[0].node : nullptr; }

std::string address(const Node& node) {
  std::string out = node.op;
  if (!node.domain.empty()) out = node.domain + "." + out;
  const Value* first = node.out(0);
  if (!node.name.empty()) out += fmt::format(" '{}'", escape(node.name));
  else if (first && !first->name.empty()) out += fmt::format(" -> '{}'", escape(first->name));
  if (node.opset > 0) out += fmt::format(" (opset {})", node.opset);
  return out;
}

namespace {

using Copies = std::map<const Value*, Value*>;

Value* copy_value(Graph& to, const Value& from, Copies& copies) {
  Value* out = to.new_value(from.name, from.type);
  out->constant = from.constant;
  out->content = from.content;
  out->known = from.known;
  out->declared = from.declared;
  copies[&from] = out;
  return out;
}

void copy_node(Graph& to, const Node& from, Copies& copies) {
  std::vector<Value*> inputs;
  for (const Value* v : from.inputs) inputs.push_back(v ? copies.at(v) : nullptr);
  Node* node = to.add_node(from.op, std::move(inputs), 0, from.attributes);
  node->domain = from.domain;
  node->name = from.name;
  node->origins = from.origins;
  node->measures = from.measures;
  node->opset = from.opset;
  for (const Value* v : from.outputs) {
    node->outputs.push_back(v ? copy_value(to, *v, copies) : nullptr);
    if (v) node->outputs.back()->producer = node;
  }
  for (const Region& r : from.regions) node->regions.push_back({r.name, clone(*r.graph), r.captures});
}

}  // namespace

std::unique_ptr<Graph> clone(const Graph& from) {
  auto to = std::make_unique<Graph>(from.shared_symbols());
  to->name = from.name;
  Copies copies;
  for (const Value* v : from.inputs()) {  // those of a region may have no type yet, or known elements
    Value* input = copies[v] = to->add_input(v->name, v->type.value_or(Type{}));
    input->type = v->type;
    input->constant = v->constant;
    input->content = v->content;
    input->known = v->known;
  }
  for (const Value* v : from.constants())
    if (!copies.count(v)) copy_value(*to, *v, copies);
  for (const Node* n : from.nodes()) copy_node(*to, *n, copies);
  std::vector<Value*> outputs;
  for (const Value* v : from.outputs()) outputs.push_back(copies.at(v));
  to->set_outputs(std::move(outputs));
  return to;
}

}  // namespace inferc
