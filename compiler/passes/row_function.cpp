#include "compiler/passes/row_function.hpp"

#include <algorithm>

#include "compiler/ops/fused.hpp"

namespace inferc {
namespace {

bool is_product(const Node& n) { return n.is("MatMul") && n.in(1)->is_constant() && n.in(1)->constant->rank() == 2; }

// Along an axis that counts from `axis` on, with constants.
bool is_along_axis(const Node& n) { return n.is("LayerNormalization") || n.is("RMSNormalization") || n.is("Softmax") || n.is("LogSoftmax"); }

double elements(const Shape& row) { return static_cast<double>(product(row).constant().value_or(0)); }

bool has_plain_type(const Node& n) {
  const Value* v = n.out();
  const bool one = v && v->type && std::all_of(n.outputs.begin() + 1, n.outputs.end(), [](const Value* o) { return !o; });
  return one && n.regions.empty() && n.measures.empty() && (is_float(v->type->dtype) || v->type->dtype == DType::boolean);
}

}  // namespace

std::optional<std::size_t> leading_rows(const Shape& shape, const Dim& rows) {
  Dim all(1);
  for (std::size_t d = 0; d < shape.size(); ++d) {
    all = all * shape[d];
    const auto rest = shape.begin() + static_cast<std::ptrdiff_t>(d) + 1;
    if (all == rows && std::all_of(rest, shape.end(), [](const Dim& s) { return s.is_constant(); })) return d + 1;
  }
  return std::nullopt;
}

bool is_the_same_for_rows(const Tensor& t, std::size_t rank) {
  const auto own = static_cast<std::ptrdiff_t>(t.rank() - std::min(t.rank(), rank));
  return std::all_of(t.shape().begin(), t.shape().begin() + own, [](std::int64_t d) { return d == 1; });
}

RowFunction::RowFunction(const Graph& graph, Value* result, Dim rows) : result_(result), rows_(std::move(rows)) {
  const std::vector<Node*> all = graph.nodes();
  for (auto n = all.rbegin(); n != all.rend(); ++n) {
    if (!is_inside(graph, **n)) continue;
    inside_.insert(*n);
    nodes_.push_back(*n);
  }
  std::reverse(nodes_.begin(), nodes_.end());
}

bool RowFunction::is_inside(const Graph& graph, const Node& n) const {
  const Value* v = n.out();
  if (!v || graph.is_output(v)) return false;
  if (v == result_) return v->uses.size() <= 1 && works_by_rows(n);
  const auto inside = [&](const Use& u) { return inside_.count(u.node) != 0; };
  return !v->uses.empty() && std::all_of(v->uses.begin(), v->uses.end(), inside) && works_by_rows(n);
}

bool RowFunction::works_by_rows(const Node& n) const {
  if (!has_plain_type(n) || n.inputs.empty() || !n.in(0)) return false;
  const auto rows = rows_of(n.out()), of_first = rows_of(n.in(0));
  if (!rows) return false;
  if (n.is("View", "inferc")) return of_first.has_value();
  if (is_product(n)) return of_first == rows && *rows < n.in(0)->type->shape.size();
  if (is_along_axis(n)) {
    const std::int64_t rank = n.in(0)->type->rank();
    const bool constants = std::all_of(n.inputs.begin() + 1, n.inputs.end(), [&](const Value* v) {
      return !v || (v->is_constant() && is_the_same_for_rows(*v->constant, static_cast<std::size_t>(rank) - *rows));
    });
    return of_first == rows && constants && from_front(n.attr_int("axis", -1), rank) >= *rows;
  }
  return is_elementwise(n) && !n.attributes.contains("axis") && is_elementwise_by_rows(n);
}

bool RowFunction::is_elementwise_by_rows(const Node& n) const {
  const Shape& out = n.out()->type->shape;
  const auto rows = rows_of(n.out());
  bool some = false;
  for (const Value* v : n.inputs) {
    if (!v) continue;
    if (v->is_constant() && is_the_same_for_rows(*v->constant, out.size() - *rows)) continue;
    if (v->is_constant() || v->type->shape.size() != out.size() || rows_of(v) != rows) return false;
    some = true;
  }
  return some;
}

Shape RowFunction::row(const Value* v) const {
  const Shape& shape = v->type->shape;
  return {shape.begin() + static_cast<std::ptrdiff_t>(rows_of(v).value_or(shape.size())), shape.end()};
}

double RowFunction::work() const {
  double out = 0;
  for (const Node* n : nodes_) {
    const double terms = is_product(*n) ? 2 * static_cast<double>(n->in(1)->constant->shape()[0]) : n->is("View", "inferc") ? 0 : 8;
    out += terms * elements(row(n->out()));
  }
  return out;
}

double RowFunction::width() const {
  double out = elements(row(result_));
  for (const Value* v : sources()) out += elements(row(v));
  return out;
}

// What the function reads by rows; the value itself where no node is in it.
std::vector<Value*> RowFunction::sources() const {
  std::vector<Value*> out;
  if (nodes_.empty()) out.push_back(result_);
  for (const Node* n : nodes_)
    for (Value* v : n->inputs)
      if (v && !v->is_constant() && inside_.count(v->producer) == 0 && std::find(out.begin(), out.end(), v) == out.end()) out.push_back(v);
  return out;
}

Value* RowFunction::picked(const Edit& edit, Value* v, Value* indices) const {
  Shape shape = row(v);
  shape.insert(shape.begin(), rows_);
  return edit("Gather", {edit.view(v, std::move(shape)), indices}, {{"axis", std::int64_t{0}}});
}

// A constant without its leading axes of size one that stand for rows.
Value* RowFunction::operand(const Edit& edit, const Node& n, Value* v) const {
  const auto rank = static_cast<std::ptrdiff_t>(row(n.out()).size());
  if (is_product(n) || v->type->rank() <= rank) return v;
  return edit.view(v, {v->type->shape.end() - rank, v->type->shape.end()});
}

Value* RowFunction::again(const Edit& edit, const Node& n, const Rows& known, const Dim& count) const {
  if (n.is("View", "inferc")) {
    Shape shape = row(n.out());
    shape.insert(shape.begin(), count);
    return edit.view(known.at(n.in(0)), std::move(shape));
  }
  std::vector<Value*> operands;
  for (Value* v : n.inputs) operands.push_back(!v ? v : v->is_constant() ? operand(edit, n, v) : known.at(v));
  Attributes attributes = n.attributes;
  const std::int64_t rank = n.out()->type->rank();
  if (is_along_axis(n)) attributes["axis"] = static_cast<std::int64_t>(from_front(n.attr_int("axis", -1), rank)) - rank;
  Value* out = n.domain.empty() ? edit(n.op, std::move(operands), std::move(attributes)) : edit.composite(n.op, std::move(operands), std::move(attributes), {});
  out->name = n.out()->name;
  out->producer->name = n.name;
  out->producer->origins = n.origins;
  return out;
}

Value* RowFunction::on_rows(const Edit& edit, Value* indices) const {
  Rows known;
  for (Value* v : sources()) known[v] = picked(edit, v, indices);
  for (const Node* n : nodes_) known[n->out()] = again(edit, *n, known, indices->type->shape[0]);
  return known.at(result_);
}

}  // namespace inferc
