#include "compiler/ops/elementwise.hpp"

#include <algorithm>

#include "compiler/ops/content.hpp"
#include "compiler/ops/fused_map.hpp"

namespace inferc::elementwise {

Shape broadcast_all(Infer& i) {
  Shape out;
  for (std::size_t k = 0; k < i.node.inputs.size(); ++k)
    if (i.has(k)) out = i.broadcast(out, i.shape(k));
  return out;
}

void infer_as(Infer& i, Result result) {
  const Shape shape = broadcast_all(i);
  i.out(0, result == Result::boolean ? DType::boolean : i.dtype(0), shape);
}

namespace {

// A result beyond 64 bits is no size.
std::optional<Dim> apply(OnDims on_dims, const Dim& a, const Dim& b, const Symbols& symbols) {
  try {
    return on_dims(a, b, symbols);
  } catch (const UserError&) {
    return std::nullopt;
  }
}

}  // namespace

void infer_content(Infer& i, OnDims on_dims) {
  if (!is_integer(i.dtype(0)) || i.failed() || !i.node.out()->type) return;
  const Shape& shape = i.node.out()->type->shape;
  std::optional<std::vector<Dim>> out = content::broadcast(i, 0, shape);
  for (std::size_t k = 1; out && k < i.node.inputs.size(); ++k) {
    const auto other = content::broadcast(i, k, shape);
    if (!other) return;
    for (std::size_t e = 0; e < out->size(); ++e) {
      const auto value = apply(on_dims, (*out)[e], (*other)[e], i.symbols());
      if (!value) return;
      (*out)[e] = *value;
    }
  }
  if (out) i.out_content(0, std::move(*out));
}

Operand broadcast_in(Lower& l, std::size_t i) { return broadcast_view(l.in(i), l.out_type().shape); }

bool on_floats(const Node& n) { return n.in(0)->type && is_float(n.in(0)->type->dtype); }
bool two_inputs(const Node& n) { return n.inputs.size() == 2 && on_floats(n); }

bool known_nonzero(const Lower& l, std::size_t i) {
  const Tensor* t = l.constant(i);
  if (!t) return false;
  const std::span<const std::byte> bytes = t->bytes();
  const std::size_t width = byte_size(t->dtype());
  for (std::size_t e = 0; e < t->size(); ++e) {
    const auto element = bytes.subspan(e * width, width);
    if (std::all_of(element.begin(), element.end(), [](std::byte b) { return b == std::byte{0}; })) return false;
  }
  return true;
}

bool lower_fast(Lower& l) {
  const Elementwise& e = *find_op(l.node.op, l.node.domain)->elementwise;
  if (e.applies && !e.applies(l.node)) return false;
  Expr expr{.functor = e.functor_of ? e.functor_of(l.node) : e.functor, .args = {}, .parameters = {}, .operand = -1, .result = l.out_type().dtype};
  if (e.parameters) expr.parameters = e.parameters(l.node);
  std::vector<Operand> operands;
  for (std::size_t i = 0; i < l.node.inputs.size(); ++i) {
    if (!l.has(i)) return false;
    expr.args.push_back({.functor = {}, .args = {}, .parameters = {}, .operand = static_cast<int>(i), .result = l.type(i).dtype});
    operands.push_back(l.in(i));
  }
  emit_map(l, expr, operands, l.out());
  return true;
}

}  // namespace inferc::elementwise
