#include "compiler/passes/edit.hpp"

#include <algorithm>
#include <cmath>

#include "compiler/ops/op.hpp"

namespace inferc {
namespace {

std::int64_t bytes_of(const Value* v) {
  const auto size = product(v->type->shape).constant();
  return size ? *size * static_cast<std::int64_t>(byte_size(v->type->dtype)) : 0;
}

// An Expand of one element to any size: nobody wants it as a weight.
bool grows_too_much(const Node& n) {
  std::int64_t operands = 0;
  for (const Value* v : n.inputs) operands += bytes_of(v);
  return bytes_of(n.out()) > std::max(largest_folded, 2 * operands);
}

}  // namespace

Value* Edit::typed_output(Node* n) const {
  Diagnostics problems;
  if (!infer_node(*n, problems)) internal_error("a pass built a node that is invalid: " + (problems.failed() ? problems.errors()[0].message : n->op));
  return n->outputs[0];
}

Value* Edit::again(const Node& n, std::vector<Value*> inputs) const {
  return n.domain.empty() ? (*this)(n.op, std::move(inputs), n.attributes) : composite(n.op, std::move(inputs), n.attributes, n.origins);
}

Value* Edit::composite(std::string op, std::vector<Value*> inputs, Attributes attributes, std::vector<std::string> origins) const {
  Node* n = graph_.add_node(std::move(op), std::move(inputs), 1, std::move(attributes), at_);
  n->domain = "inferc";
  n->origins = std::move(origins);
  return typed_output(n);
}

Value* Edit::operator()(std::string op, std::vector<Value*> inputs, Attributes attributes) const {
  Node* n = graph_.add_node(std::move(op), std::move(inputs), 1, std::move(attributes), at_);
  n->origins = at_->origins;
  n->name = at_->name;
  typed_output(n);
  const bool known = std::all_of(n->inputs.begin(), n->inputs.end(), [](const Value* v) { return v && v->is_constant(); });
  if (!known || grows_too_much(*n)) return n->outputs[0];
  std::vector<const Tensor*> tensors;
  for (const Value* v : n->inputs) tensors.push_back(&*v->constant);
  Value* folded = graph_.add_constant(evaluate_node(*n, tensors)[0], n->inputs[0]->name);
  graph_.erase(n);
  return folded;
}

Value* Edit::view(Value* v, Shape shape) const {
  if (v->type->shape == shape) return v;
  if (v->is_constant()) {
    std::vector<std::int64_t> sizes;
    for (const Dim& d : shape) sizes.push_back(*d.constant());
    return graph_.add_constant(v->constant->reshaped(std::move(sizes)), v->name);
  }
  Node* n = graph_.add_node("View", {v}, 1, {}, at_);
  n->domain = "inferc";
  n->origins = at_->origins;
  n->outputs[0]->type = Type{v->type->dtype, std::move(shape)};
  return typed_output(n);
}

Value* Edit::transpose(Value* v, std::vector<std::int64_t> permutation) const {
  if (std::is_sorted(permutation.begin(), permutation.end())) return v;
  return (*this)("Transpose", {v}, {{"perm", std::move(permutation)}});
}

Value* Edit::sizes(const Shape& shape) const {
  std::vector<std::int64_t> known;
  for (const Dim& d : shape)
    if (d.is_constant()) known.push_back(*d.constant());
  const auto count = static_cast<std::int64_t>(shape.size());
  if (known.size() == shape.size()) return graph_.add_constant(tensor_of<std::int64_t>({count}, known));
  Node* n = graph_.add_node("Sizes", {}, 1, {}, at_);
  n->domain = "inferc";
  n->origins = at_->origins;
  n->outputs[0]->type = Type{DType::int64, {Dim(count)}};
  n->outputs[0]->content = shape;
  return n->outputs[0];
}

void Edit::replace_with(Value* v) const {
  if (v->name.empty()) v->name = at_->out()->name;
  graph_.replace_uses(at_->out(), v);
}

bool is_row_constant(const Value* v, const Dim& size) {
  if (!v || !v->is_constant() || v->constant->dtype() != DType::float32) return false;
  const auto& shape = v->constant->shape();
  if (v->constant->size() == 1) return true;
  return !shape.empty() && size.is(shape.back()) && v->constant->size() == static_cast<std::size_t>(shape.back());
}

float largest_magnitude(const Value* v) {
  float out = 0;
  for (const float e : v->constant->as<float>()) out = std::isnan(e) ? e : std::max(out, std::abs(e));
  return out;
}

}  // namespace inferc
