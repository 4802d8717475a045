#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "compiler/ops/elementwise.hpp"
#include "compiler/ops/fused_map.hpp"
#include "kernels/ref/copy.hpp"

namespace inferc {

const Tensor* Lower::constant(std::size_t i) const {
  const Value* v = node.in(i);
  return v && v->constant ? &*v->constant : nullptr;
}

std::vector<Dim> Lower::content(std::size_t i) const {
  Diagnostics unused;
  const auto known = Infer(const_cast<Node&>(node), unused).content(i);
  if (!known) internal_error(address(node) + ": an operand has no known content");
  return *known;
}

Operand Lower::in(std::size_t i) {
  const Value* v = node.in(i);
  if (!v) internal_error(address(node) + " reads an omitted operand");
  const auto at = placed_.find(v);
  if (at != placed_.end()) return at->second;
  if (!v->constant) internal_error(address(node) + " reads an operand that has no place");
  return placed_[v] = builder_.weight(*v->constant, v->name);
}

Operand Lower::in_dense(std::size_t i) { return dense(in(i), node.in(i)->name); }

Operand Lower::in_rows(std::size_t i) {
  Operand v = in(i);
  return row_stride(v) ? v : dense(v, node.in(i)->name);
}

Operand Lower::out(std::size_t i) {
  const Value* v = node.out(i);
  if (!v) internal_error(address(node) + " writes an omitted output");
  const auto at = placed_.find(v);
  if (at != placed_.end()) return at->second;
  return placed_[v] = builder_.temporary(v->name, *v->type);
}

Operand Lower::out_dense(std::size_t i) {
  const Operand place = out(i);
  if (is_dense(place)) return place;
  const Operand t = temporary(place.dtype, place.shape);
  pending_.emplace_back(place, t);
  return t;
}

Operand Lower::out_rows(std::size_t i) { return row_stride(out(i)) ? out(i) : out_dense(i); }

Operand Lower::dense(const Operand& v, const std::string& name) {
  if (is_dense(v)) return v;
  const Operand t = builder_.temporary(name, {v.dtype, v.shape});
  copy(t, v);
  return t;
}

Operand Lower::temporary(DType dtype, Shape shape) { return builder_.temporary({}, {dtype, std::move(shape)}); }

Operand Lower::weight(Tensor tensor, const std::string& packing, std::size_t from_input) {
  const Value* v = node.in(from_input);
  return builder_.weight(std::move(tensor), v ? v->name : std::string(), packing);
}

void Lower::view(std::size_t i, const Operand& operand) {
  const Value* v = node.out(i);
  const auto at = placed_.find(v);
  if (at == placed_.end()) placed_[v] = operand;
  else copy(at->second, operand);
}

void Lower::reshape() {
  const Shape& shape = out_type().shape;
  const auto direct = reshape_view(in(0), shape);
  view(0, direct ? *direct : *reshape_view(in_dense(0), shape));
}

namespace {

bool same_elements(const Operand& a, const Operand& b) {
  if (a.buffer != b.buffer || !(a.offset == b.offset) || a.shape != b.shape) return false;
  for (std::size_t d = 0; d < a.shape.size(); ++d)
    if (!(a.strides[d] == b.strides[d]) && !a.shape[d].is(1)) return false;
  return true;
}

}  // namespace

void Lower::copy(const Operand& to, const Operand& from) {
  builder_.move(to, from);
  if (same_elements(to, from)) return;
  if (allow_fast_) return emit_copy(*this, to, from);
  HostKernel host_copy = by_width(to.dtype, []<class T>(std::type_identity<T>) { return host(&ref::copy<T, max_rank>); });
  Call call{
      .kernel = "ref::copy", .header = "kernels/ref/copy.hpp", .template_args = {}, .args = {write_view(to), read_view(from)}, .host = std::move(host_copy)};
  add(std::move(call));
}

Call& Lower::reference(std::string kernel, std::string header, HostKernel host, std::vector<Arg> args) {
  Call call{.kernel = std::move(kernel), .header = std::move(header), .template_args = {}, .args = std::move(args)};
  call.host = std::move(host);
  return add(std::move(call));
}

void Lower::guard(std::string kernel, HostKernel host, std::vector<Arg> args) {
  reference(std::move(kernel), "kernels/ref/shape_operand.hpp", std::move(host), std::move(args)).may_fault = true;
}

Call& Lower::fast(std::string kernel, std::string header, std::vector<Arg> args) {
  Call call{.kernel = std::move(kernel), .header = std::move(header), .template_args = {}, .args = std::move(args)};
  call.fast = true;
  return add(std::move(call));
}

namespace {

std::string types_comment(const Node& node) {
  std::string out;
  for (const Value* v : node.inputs)
    if (v && v->type) out += (out.empty() ? "" : ", ") + text(*v->type);
  out += " ->";
  for (const Value* v : node.outputs)
    if (v && v->type) out += " " + text(*v->type);
  return out;
}

}  // namespace

Call& Lower::add(Call call) {
  call.nodes = node.origins;
  if (call.nodes.empty()) call.nodes.push_back(address(node));
  call.comment = types_comment(node);
  builder_.call(std::move(call));
  return builder_.calls().back();
}

void Lower::finish() {
  for (const auto& [to, from] : pending_) copy(to, from);
  pending_.clear();
}

void Lower::inline_region(const Graph& region, const std::vector<Operand>& inputs) {
  for (std::size_t i = 0; i < inputs.size(); ++i) placed_[region.inputs()[i]] = inputs[i];
  const Value* result = region.outputs()[0];
  placed_[result] = out(0);
  for (const Node* n : region.nodes()) lower_node(*n, builder_, placed_, allow_fast_);
}

namespace {

// The node without its epilogue, writing the accumulator; then the epilogue's nodes.
void lower_apart(const Op& op, const Node& node, Builder& builder, Lower::Placement& placement, bool allow_fast) {
  const Region& epilogue = node.regions[0];
  Value* accumulator = epilogue.graph->inputs()[0];
  Node plain;
  plain.op = node.op;
  plain.domain = node.domain;
  plain.name = node.name;
  plain.attributes = node.attributes;
  plain.origins = node.origins;
  plain.graph = node.graph;
  plain.inputs.assign(node.inputs.begin(), node.inputs.end() - static_cast<std::ptrdiff_t>(epilogue.captures));
  plain.outputs = {accumulator};
  Lower product(plain, builder, placement, allow_fast);
  if (!(allow_fast && op.lower_fast && op.lower_fast(product))) op.lower(product);
  product.finish();
  Lower rest(node, builder, placement, allow_fast);
  std::vector<Operand> inputs{placement.at(accumulator)};
  for (std::size_t i = plain.inputs.size(); i < node.inputs.size(); ++i) inputs.push_back(rest.in(i));
  rest.inline_region(*epilogue.graph, inputs);
}

}  // namespace

void lower_node(const Node& node, Builder& builder, Lower::Placement& placement, bool allow_fast) {
  const Op* op = find_op(node.op, node.domain);
  if (!op) internal_error(address(node) + " has no operator");
  if (!op->lower) internal_error(address(node) + " was not expanded");
  Lower lower(node, builder, placement, allow_fast);
  const auto fast = op->lower_fast ? op->lower_fast : op->elementwise ? elementwise::lower_fast : nullptr;
  const bool done = allow_fast && fast && fast(lower);
  if (done) lower.finish();
  else if (!node.regions.empty() && node.regions[0].name == "epilogue") lower_apart(*op, node, builder, placement, allow_fast);
  else {
    op->lower(lower);
    lower.finish();
  }
  if (node.is("Cast")) builder.move(lower.out(), lower.in(0));
}

Arg read(Operand v) { return PointerArg{std::move(v), Access::read}; }
Arg write(Operand v) { return PointerArg{std::move(v), Access::write}; }
Arg read_view(Operand v) { return ViewArg{std::move(v), Access::read}; }
Arg write_view(Operand v) { return ViewArg{std::move(v), Access::write}; }
Arg size(Dim d) { return SizeArg{std::move(d)}; }
Arg runtime_size(Dim d) { return RuntimeSizeArg{std::move(d)}; }
Arg integer(std::int64_t v) { return ScalarArg{DType::int64, 0, v}; }
Arg real(double v) { return ScalarArg{DType::float32, v, 0}; }
Arg real64(double v) { return ScalarArg{DType::float64, v, 0}; }
Arg flag(bool v) { return ScalarArg{DType::boolean, 0, v}; }
Arg range(Dim begin, Dim end) { return RangeArg{std::move(begin), std::move(end)}; }

}  // namespace inferc
