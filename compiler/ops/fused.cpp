#include "compiler/ops/fused.hpp"

#include <algorithm>

#include "compiler/ops/format.hpp"
#include "compiler/ops/fused_map.hpp"

namespace inferc {
namespace {

constexpr std::size_t largest_expression = 64;  // nodes; shared subexpressions count again

std::size_t size_of(const Expr& e) {
  std::size_t size = 1;
  for (const Expr& a : e.args) size += size_of(a);
  return size;
}

std::optional<Expr> literal(const Value& v) {
  if (!v.constant || v.constant->size() != 1 || v.constant->dtype() != DType::float32) return std::nullopt;
  Expr e{.functor = "literal", .args = {}, .parameters = {v.constant->as<float>()[0]}};
  return e;
}

class ExpressionOf {
 public:
  explicit ExpressionOf(const Graph& region, std::size_t first) : inputs_(region.inputs()), first_(first) {}

  std::optional<RegionExpression> run(const Value* out) {
    auto expr = of(out);
    if (!expr) return std::nullopt;
    return RegionExpression{std::move(*expr), std::move(leaves_)};
  }

 private:
  std::optional<Expr> of(const Value* v) {
    if (const auto at = input(v)) return *at < first_ ? Expr{} : leaf({.input = *at}, *v);
    if (v->is_constant()) return literal(*v);
    const Node& n = *v->producer;
    if (n.is("Gather")) return rows(n);
    const Op* op = find_op(n.op, n.domain);
    if (!op || !op->elementwise) return std::nullopt;
    Expr e{.functor = op->elementwise->functor_of ? op->elementwise->functor_of(n) : op->elementwise->functor, .args = {}, .parameters = {}};
    if (op->elementwise->parameters) e.parameters = op->elementwise->parameters(n);
    e.result = v->type->dtype;
    for (const Value* input : n.inputs) {
      auto arg = of(input);
      if (!arg) return std::nullopt;
      e.args.push_back(std::move(*arg));
    }
    if (size_of(e) > largest_expression) return std::nullopt;
    return e;
  }
  std::optional<Expr> rows(const Node& gather) {
    const auto table = input(gather.in(0)), index = input(gather.in(1));
    if (!table || !index || *table < first_) return std::nullopt;
    return leaf({*table, &gather, *index}, *gather.out());
  }
  Expr leaf(const Leaf& which, const Value& v) {
    const auto at = std::find(leaves_.begin(), leaves_.end(), which);
    const auto number = static_cast<int>(at - leaves_.begin());
    if (at == leaves_.end()) leaves_.push_back(which);
    return {.functor = {}, .args = {}, .parameters = {}, .operand = number, .result = v.type->dtype};
  }
  std::optional<std::size_t> input(const Value* v) const {
    const auto at = std::find(inputs_.begin(), inputs_.end(), v);
    return at == inputs_.end() ? std::nullopt : std::optional(static_cast<std::size_t>(at - inputs_.begin()));
  }

  const std::vector<Value*>& inputs_;
  std::size_t first_;
  std::vector<Leaf> leaves_;
};

// To find a row again and start a loop over it takes about as long as to move so many bytes.
constexpr std::int64_t bytes_of_a_row = 64;

}  // namespace

std::optional<RegionExpression> region_expression(const Graph& region, std::size_t first) { return ExpressionOf(region, first).run(region.outputs()[0]); }

const Region* find_region(const Node& node, std::string_view name) {
  for (const Region& r : node.regions)
    if (r.name == name) return &r;
  return nullptr;
}

bool is_elementwise(const Node& node) {
  const Op* op = find_op(node.op, node.domain);
  return op && op->elementwise && (!op->elementwise->applies || op->elementwise->applies(node)) && node.outputs.size() == 1 && node.regions.empty();
}

bool picks_rows(const Node& node) {
  if (!node.is("Gather") || !node.regions.empty() || !node.out()->type || node.out()->type->dtype != DType::float32) return false;
  const Shape& table = node.in(0)->type->shape;
  const auto axis = static_cast<std::ptrdiff_t>(from_front(node.attr_int("axis", 0), std::ssize(table)));
  const bool one_table = std::all_of(table.begin(), table.begin() + axis, [](const Dim& d) { return d.is(1); });
  const auto length = product({table.begin() + axis + 1, table.end()}).constant();
  const bool one_row = product(node.in(1)->type->shape).is(1);
  return one_table && !one_row && length && 2 * *length * static_cast<std::int64_t>(sizeof(float)) > bytes_of_a_row;
}

}  // namespace inferc

namespace inferc::op_Fused {
namespace {

void infer(Infer& i) {
  Graph& body = *i.node.regions.at(0).graph;
  for (std::size_t k = 0; k < body.inputs().size(); ++k) body.inputs()[k]->type = i.type(k);
  Diagnostics problems;
  for (Node* n : body.nodes()) infer_node(*n, problems);
  for (const Diagnostic& d : problems.errors()) i.fail(d.message, d.help);
  if (const Value* out = body.outputs()[0]; out->type) i.out(0, out->type->dtype, out->type->shape);
}

void lower(Lower& l) {
  std::vector<Operand> inputs;
  for (std::size_t k = 0; k < l.node.inputs.size(); ++k) inputs.push_back(l.in(k));
  l.inline_region(*find_region(l.node, "body")->graph, inputs);
}

PickedRows picked_rows(Lower& l, const Leaf& leaf) {
  const Operand table = l.in(leaf.input);
  return {table, l.in_dense(leaf.index), from_front(leaf.gather->attr_int("axis", 0), table.rank())};
}

bool lower_fast(Lower& l) {
  const auto region = region_expression(*find_region(l.node, "body")->graph, 0);
  if (!region) return false;
  std::vector<MapOperand> operands;
  for (const Leaf& leaf : region->leaves) {
    if (leaf.gather) operands.push_back(picked_operand(picked_rows(l, leaf), leaf.gather->out()->type->shape));
    else operands.push_back({l.in(leaf.input)});
  }
  if (!finds_rows(operands, l.out())) return false;
  for (const MapOperand& v : operands)
    if (v.picked) check_index(l, v.picked->index, v.picked->table.shape[v.picked->axis]);
  emit_map(l, region->expr, operands, l.out());
  return true;
}

}  // namespace

// A group of elementwise nodes as one loop.
extern const Op op = {
    .name = "Fused", .domain = "inferc", .inputs = {{"operands", types::any, Port::Arity::variadic}}, .infer = infer, .lower = lower, .lower_fast = lower_fast};

}  // namespace inferc::op_Fused
