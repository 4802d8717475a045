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
  explicit ExpressionOf(const Graph& region, std::size_t first) : first_(first) {
    for (std::size_t i = 0; i < region.inputs().size(); ++i) inputs_.push_back(region.inputs()[i]);
  }
  std::optional<Expr> of(const Value* v) const {
    const auto at = std::find(inputs_.begin(), inputs_.end(), v);
    if (at != inputs_.end()) {
      const auto index = static_cast<int>(at - inputs_.begin()) - static_cast<int>(first_);
      return Expr{.functor = {}, .args = {}, .parameters = {}, .operand = index, .result = v->type->dtype};
    }
    if (v->is_constant()) return literal(*v);
    const Node& n = *v->producer;
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

 private:
  std::vector<const Value*> inputs_;
  std::size_t first_;
};

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

bool lower_fast(Lower& l) {
  const auto expr = region_expression(*find_region(l.node, "body")->graph, 0);
  if (!expr) return false;
  std::vector<Operand> operands;
  for (std::size_t k = 0; k < l.node.inputs.size(); ++k) operands.push_back(l.in(k));
  emit_map(l, *expr, operands, l.out());
  return true;
}

}  // namespace

std::optional<Expr> region_expression(const Graph& region, std::size_t first) { return ExpressionOf(region, first).of(region.outputs()[0]); }

const Region* find_region(const Node& node, std::string_view name) {
  for (const Region& r : node.regions)
    if (r.name == name) return &r;
  return nullptr;
}

bool is_elementwise(const Node& node) {
  const Op* op = find_op(node.op, node.domain);
  return op && op->elementwise && (!op->elementwise->applies || op->elementwise->applies(node)) && node.outputs.size() == 1 && node.regions.empty();
}

// A group of elementwise nodes as one loop.
extern const Op op_Fused = {
    .name = "Fused", .domain = "inferc", .inputs = {{"operands", types::any, Port::Arity::variadic}}, .infer = infer, .lower = lower, .lower_fast = lower_fast};

}  // namespace inferc
