#include <algorithm>

#include "compiler/ops/fused.hpp"
#include "compiler/ops/op.hpp"
#include "compiler/passes/edit.hpp"
#include "compiler/passes/match.hpp"
#include "compiler/passes/passes.hpp"

namespace inferc {
namespace fold_uniform_detail {
namespace {

constexpr std::size_t most_compared = 1 << 24;  // elements of a constant
constexpr int deepest = 64;

Tensor one_element(const Tensor& t) {
  const std::size_t width = byte_size(t.dtype());
  const auto bytes = t.bytes().first(width);
  Tensor out(t.dtype(), {});
  std::copy(bytes.begin(), bytes.end(), out.bytes().begin());
  return out;
}

std::optional<Tensor> uniform_constant(const Tensor& t) {
  if (t.size() == 0 || t.size() > most_compared || byte_size(t.dtype()) == 0) return std::nullopt;
  const std::size_t width = byte_size(t.dtype());
  const auto bytes = t.bytes();
  if (!std::equal(bytes.begin() + static_cast<std::ptrdiff_t>(width), bytes.end(), bytes.begin())) return std::nullopt;
  return one_element(t);
}

// Every element of the result is one of the operand's.
bool moves_elements(const Node& n) {
  return n.is("View", "inferc") || n.is("Expand") || n.is("Tile") || n.is("Transpose") || n.is("Slice") || n.is("Identity") || n.is("Reshape") ||
         n.is("Squeeze") || n.is("Unsqueeze") || n.is("Flatten");
}

// The one element that a value has in all of its places.
std::optional<Tensor> uniform(const Value* v, int depth = 0) {
  if (!v || depth > deepest) return std::nullopt;
  if (v->is_constant()) return uniform_constant(*v->constant);
  const Node* n = v->producer;
  if (!n || v != n->out() || checks_sizes(*n)) return std::nullopt;
  if (n->is("ConstantOfShape") && (n->in(0)->is_constant() || n->in(0)->content)) return uniform_constant(n->attr("value", Tensor(DType::float32, {1})));
  return moves_elements(*n) ? uniform(n->in(0), depth + 1) : std::nullopt;
}

bool is_value(const std::optional<Tensor>& t, double value) { return t && number_at<float, double, std::int64_t, std::int32_t, bool>(*t, 0) == value; }

// The value with the node's shape.
Value* expanded(const Edit& edit, Value* v, const Node& n) {
  const Shape& to = n.out()->type->shape;
  return v->type->shape == to ? v : edit("Expand", {v, edit.sizes(to)});
}

bool become(Graph& graph, Node* n, Value* v) {
  const Edit edit(graph, n);
  if (v->type->dtype != n->out()->type->dtype) return false;
  edit.replace_with(expanded(edit, v, *n));
  return true;
}

bool become(Graph& graph, Node* n, Tensor element) { return become(graph, n, graph.add_constant(std::move(element))); }

// An elementwise operator of uniform values, one of them at least not constant, is uniform.
bool fold_elementwise(Graph& graph, Node* n) {
  const bool may_fault = (n->is("Div") || n->is("Mod")) && is_integer(n->out()->type->dtype);
  if (!is_elementwise(*n) || may_fault || std::all_of(n->inputs.begin(), n->inputs.end(), [](const Value* v) { return v && v->is_constant(); })) return false;
  std::vector<Tensor> elements;
  std::vector<const Tensor*> operands;
  for (const Value* v : n->inputs) {
    auto element = uniform(v);
    if (!element) return false;
    elements.push_back(std::move(*element));
  }
  for (const Tensor& t : elements) operands.push_back(&t);
  return become(graph, n, evaluate_node(*n, operands)[0]);
}

// x * 1, x / 1, x + 0, x - 0; the sign of a zero may change.
bool drop_neutral(Graph& graph, Node* n) {
  const bool product = n->is("Mul") || n->is("Div"), commutes = n->is("Mul") || n->is("Add");
  if (!product && !n->is("Add") && !n->is("Sub")) return false;
  const double neutral = product ? 1 : 0;
  if (is_value(uniform(n->in(1)), neutral)) return become(graph, n, n->in(0));
  return commutes && is_value(uniform(n->in(0)), neutral) && become(graph, n, n->in(1));
}

bool choose(Graph& graph, Node* n) {
  if (!n->is("Where")) return false;
  const auto condition = uniform(n->in(0));
  return condition && become(graph, n, n->in(is_value(condition, 1) ? 1 : 2));
}

bool decide(Graph& graph, Node* n) {
  if (!n->is("And") && !n->is("Or")) return false;
  const double neutral = n->is("And") ? 1 : 0;
  for (std::size_t i = 0; i < 2; ++i) {
    const auto side = uniform(n->in(i));
    if (side) return is_value(side, neutral) ? become(graph, n, n->in(1 - i)) : become(graph, n, *side);
  }
  return false;
}

Dim summed_size(const Node& n) {
  Dim out(1);
  const Shape& from = n.in(0)->type->shape;
  std::vector<std::int64_t> axes;
  if (const Value* v = n.in(1); v && v->is_constant())
    for (const std::int64_t a : v->constant->as<std::int64_t>()) axes.push_back(a < 0 ? a + static_cast<std::int64_t>(from.size()) : a);
  for (std::size_t d = 0; d < from.size(); ++d)
    if (axes.empty() || std::find(axes.begin(), axes.end(), static_cast<std::int64_t>(d)) != axes.end()) out = out * from[d];
  return out;
}

// A sum of ones is their number: exact below 2^24.
bool count(Graph& graph, Node* n) {
  if (!n->is("ReduceSum") || n->in(0)->type->dtype != DType::float32 || (n->in(1) && !n->in(1)->is_constant())) return false;
  if (n->attr_int("noop_with_empty_axes", 0) != 0) return false;
  const auto element = uniform(n->in(0));
  if (is_value(element, 0)) return become(graph, n, *element);
  const Dim size = summed_size(*n);
  if (!is_value(element, 1) || graph.symbols().has_measured(size) || graph.symbols().bounds(size).upper > 1 << 24) return false;
  const Edit edit(graph, n);
  Value* number = edit("Cast", {edit.sizes({size})}, {{"to", std::int64_t{1}}});
  const Shape ones(n->out()->type->shape.size(), Dim(1));
  edit.replace_with(expanded(edit, edit.view(number, ones), *n));
  return true;
}

// Concat of one element throughout.
bool join(Graph& graph, Node* n) {
  if (!n->is("Concat")) return false;
  const auto first = uniform(n->in(0));
  if (!first) return false;
  for (const Value* v : n->inputs)
    if (const auto other = uniform(v); !other || !other->same(*first)) return false;
  return become(graph, n, *first);
}

bool step(Graph& graph, Node* n) {
  if (n->outputs.size() != 1 || !n->out()->type) return false;
  const bool typed = std::all_of(n->inputs.begin(), n->inputs.end(), [](const Value* v) { return !v || v->type; });
  return typed && (fold_elementwise(graph, n) || drop_neutral(graph, n) || choose(graph, n) || decide(graph, n) || count(graph, n) || join(graph, n));
}

}  // namespace
}  // namespace fold_uniform_detail

// What has one element in all of its places (a mask of ones of any size) needs no memory and no arithmetic: operators of such values
// alone become one of them, neutral ones vanish, conditions are decided, sums of ones are counts. The sign of a zero may change.
bool fold_uniform(Graph& graph) {
  using namespace fold_uniform_detail;
  return rewrite_all(graph, step);
}

}  // namespace inferc
