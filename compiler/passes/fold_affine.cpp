#include "compiler/passes/edit.hpp"
#include "compiler/passes/grid.hpp"
#include "compiler/passes/match.hpp"
#include "compiler/passes/passes.hpp"

namespace inferc {
namespace fold_affine_detail {
namespace {

// Shifts up to this size, in units of the scaled input, move into the bias: x W and the shift's part then cancel by few
// bits at most.
constexpr float largest_shift = 4;

// A product with constant weights [K, N].
bool is_linear(const Node* n) {
  return n && n->is("MatMul") && n->regions.empty() && n->in(1)->is_constant() && n->in(1)->constant->rank() == 2 &&
         n->in(1)->constant->dtype() == DType::float32 && n->in(0)->type && n->in(0)->type->rank() >= 2;
}

Node* linear_below(const Graph& graph, const Value* v, const Node* user) {
  Node* n = v->producer;
  return is_linear(n) && graph.only_user(v) == user ? n : nullptr;
}

const Dim& columns(const Node* linear) { return linear->in(1)->type->shape[1]; }
const Dim& terms(const Node* linear) { return linear->in(1)->type->shape[0]; }

// (x W) * c  ->  x (W * c)
bool scale_after(Graph& graph, Node* n) {
  if (!n->is("Mul")) return false;
  Node* linear = linear_below(graph, n->in(0), n);
  if (!linear || !is_row_constant(n->in(1), columns(linear)) || !(n->out()->type == linear->out()->type)) return false;
  const Edit edit(graph, n);
  Value* c = edit.view(n->in(1), {static_cast<std::int64_t>(n->in(1)->constant->size())});
  edit.replace_with(edit("MatMul", {linear->in(0), edit("Mul", {linear->in(1), c})}));
  return true;
}

// (x W + b) * c  ->  x W * c + b * c;  (x W + b) + c  ->  x W + (b + c)
bool constants_after(Graph& graph, Node* n) {
  if ((!n->is("Mul") && !n->is("Add")) || !n->in(0)->producer || !n->in(0)->producer->is("Add")) return false;
  Node* add = n->in(0)->producer;
  Node* linear = linear_below(graph, add->in(0), add);
  if (!linear || graph.only_user(add->out()) != n || !is_row_constant(add->in(1), columns(linear)) || !is_row_constant(n->in(1), columns(linear))) return false;
  if (!(n->out()->type == linear->out()->type)) return false;
  const Edit edit(graph, n);
  Value* b = edit(n->op, {add->in(1), n->in(1)});
  edit.replace_with(edit("Add", {n->is("Mul") ? edit("Mul", {linear->out(), n->in(1)}) : linear->out(), b}));
  return true;
}

// The node that feeds a product through one constant operand, read by it alone: v = x op c.
Node* constant_op_before(const Graph& graph, const Node* linear, std::string_view op, std::string_view inverse) {
  Node* n = linear->in(0)->producer;
  if (!n || !(n->is(op) || n->is(inverse)) || graph.only_user(n->out()) != linear) return nullptr;
  return is_row_constant(n->in(1), terms(linear)) && n->in(0)->type == n->out()->type ? n : nullptr;
}

// c of x * c, x / c, x + c, x - c as a factor or a summand.
Value* as_operand(Graph& graph, const Edit& edit, const Node& n) {
  if (n.is("Sub")) return edit("Neg", {n.in(1)});
  if (!n.is("Div")) return n.in(1);
  const float one = 1;
  return edit("Div", {graph.add_constant(tensor_of<float>({}, std::span(&one, 1))), n.in(1)});
}

// Whether c shifts what n scales by more than `largest_shift` in the unit that n makes.
bool shift_is_large(const Edit& edit, const Node& scale, Value* factor) {
  const Node* shift = scale.in(0)->producer;
  if (!shift || !(shift->is("Add") || shift->is("Sub")) || !shift->in(1)->is_constant()) return false;
  return !(largest_magnitude(edit("Mul", {shift->in(1), factor})) <= largest_shift);
}

// (x * c) W  ->  x (c * W)
bool scale_before(Graph& graph, Node* n) {
  if (!is_linear(n)) return false;
  Node* mul = constant_op_before(graph, n, "Mul", "Div");
  if (!mul) return false;
  const Edit edit(graph, n);
  Value* factor = as_operand(graph, edit, *mul);
  if (shift_is_large(edit, *mul, factor)) return false;
  Value* c = edit.view(factor, {static_cast<std::int64_t>(factor->constant->size()), 1});
  edit.replace_with(edit("MatMul", {mul->in(0), edit("Mul", {n->in(1), c})}));
  return true;
}

// (x + c) W  ->  x W + c W
bool shift_before(Graph& graph, Node* n) {
  if (!is_linear(n)) return false;
  Node* add = constant_op_before(graph, n, "Add", "Sub");
  if (!add || !(largest_magnitude(add->in(1)) <= largest_shift)) return false;
  if (add->in(1)->constant->size() == 1 && !terms(n).is(1)) return false;
  const Edit edit(graph, n);
  Value* c = edit.view(as_operand(graph, edit, *add), {1, terms(n)});
  Value* b = edit.view(edit("MatMul", {c, n->in(1)}), {columns(n)});
  edit.replace_with(edit("Add", {edit("MatMul", {add->in(0), n->in(1)}), b}));
  return true;
}

// Whether the rules may touch what n computes: not where it, or a product that it scales or shifts, is on a grid. There the sums are
// exact, and what is behind them is rounded as it stands (the scale of a BatchNormalization behind a quantised layer).
bool is_free(const grid::Facts& facts, const Node* n) {
  for (int depth = 0; depth < 3 && n; ++depth) {
    if (facts.of(n->out())) return false;
    n = n->in(0) ? n->in(0)->producer : nullptr;
  }
  return true;
}

bool step(Graph& graph, Node* n) {
  if (n->outputs.size() != 1 || !n->out()) return false;
  return scale_after(graph, n) || constants_after(graph, n) || scale_before(graph, n) || shift_before(graph, n);
}

}  // namespace
}  // namespace fold_affine_detail

// Constant scales and shifts per column move into the weights and the bias of the product before or behind them
// (BatchNormalization on either side of a layer among them). Does not fire where the value in between is read
// elsewhere, nor for a shift in front larger than 4 (cancellation), nor in quantised networks on values whose sums are exact.
// Reassociates.
bool fold_affine(Graph& graph) {
  using namespace fold_affine_detail;
  if (!grid::has_quantiser(graph)) return rewrite_all(graph, step);
  const grid::Facts facts(graph);
  return rewrite_all(graph, [&](Graph& g, Node* n) { return (&g != &graph || is_free(facts, n)) && step(g, n); });
}

}  // namespace inferc
