#include <algorithm>
#include <cmath>

#include "compiler/ops/copy_region.hpp"
#include "compiler/ops/halves.hpp"
#include "compiler/passes/resolve_control.hpp"

namespace inferc {
namespace {

struct Heads {
  std::int64_t q = 0, kv = 0, size = 0;
};

// Q, K and V of rank 4 with constant heads, those of Q a multiple of those of K.
std::optional<Heads> heads_of(const Node& n) {
  for (std::size_t k = 0; k < 3; ++k)
    if (!n.in(k) || !n.in(k)->type || n.in(k)->type->rank() != 4 || n.in(k)->type->dtype != n.in(0)->type->dtype) return std::nullopt;
  const auto q = n.in(0)->type->shape[1].constant(), kv = n.in(1)->type->shape[1].constant(), size = n.in(0)->type->shape[3].constant();
  if (!q || !kv || !size || *kv <= 0 || *size <= 0 || *q % *kv != 0) return std::nullopt;
  return Heads{*q, *kv, *size};
}

class Expansion {
 public:
  Expansion(Graph& graph, Node* at) : graph_(graph), at_(at) {}

  void run(const Heads& heads) {
    const DType t = at_->in(0)->type->dtype;
    const DType precise = static_cast<DType>(at_->attr_int("softmax_precision", static_cast<std::int64_t>(t)));
    const float stated = at_->attr("scale", 0.0f);
    const bool given = at_->attributes.contains("scale");
    const double scale = given ? static_cast<double>(stated) : 1 / std::sqrt(static_cast<double>(heads.size));
    Value* keys = node("Transpose", {shared(at_->in(1), heads)}, {{"perm", std::vector<std::int64_t>{0, 1, 3, 2}}});
    Value* scores = node("Mul", {node("MatMul", {at_->in(0), keys}), graph_.add_constant(halves::scalar(t, scale))});
    Value* weights = modified("prob_mod", node("Softmax", {modified("score_mod", as(scores, t, precise))}, {{"axis", std::int64_t{-1}}}));
    Value* out = node("MatMul", {as(weights, precise, t), shared(at_->in(2), heads)});
    out->name = at_->outputs[0]->name;
    graph_.replace_uses(at_->outputs[0], out);
    graph_.erase(at_);
  }

 private:
  Value* node(const char* op, std::vector<Value*> inputs, Attributes attributes = {}) {
    Node* n = graph_.add_node(op, std::move(inputs), 1, std::move(attributes), at_);
    n->origins = at_->origins;
    return n->outputs[0];
  }
  Value* as(Value* v, DType from, DType to) { return from == to ? v : node("Cast", {v}, {{"to", static_cast<std::int64_t>(to)}}); }
  // Query head h reads head h / group.
  Value* shared(Value* v, const Heads& heads) {
    if (heads.q == heads.kv) return v;
    std::vector<std::int64_t> index;
    for (std::int64_t h = 0; h < heads.q; ++h) index.push_back(h / (heads.q / heads.kv));
    return node("Gather", {v, graph_.add_constant(tensor_of<std::int64_t>({heads.q}, std::span<const std::int64_t>(index)))}, {{"axis", std::int64_t{1}}});
  }
  Value* modified(std::string_view name, Value* v) {
    for (const Region& r : at_->regions)
      if (r.name == name) return copy_region(graph_, at_, r, {{r.graph->inputs().front(), v}})[0];
    return v;
  }
  Graph& graph_;
  Node* at_;
};

bool modifiers_fit(const Node& n) {
  return std::all_of(n.regions.begin(), n.regions.end(), [](const Region& r) {
    return (r.name == "score_mod" || r.name == "prob_mod") && r.graph->inputs().size() == r.captures + 1 && r.graph->outputs().size() == 1;
  });
}

// Other operands and attributes stay with the node, which is refused for them.
bool operands_fit(const Node& n) {
  std::size_t captures = 0;
  for (const Region& r : n.regions) captures += r.captures;
  return n.inputs.size() == 3 + captures;
}

bool attributes_fit(const Node& n) {
  return std::all_of(n.attributes.begin(), n.attributes.end(), [](const auto& a) {
    return (a.first == "scale" && std::holds_alternative<float>(a.second)) ||
           (a.first == "softmax_precision" && std::holds_alternative<std::int64_t>(a.second));
  });
}

}  // namespace

bool expand_flex_attention(Graph& graph, Node* n) {
  if (!n->is("FlexAttention", "ai.onnx.preview") || n->outputs.size() != 1 || !modifiers_fit(*n) || !operands_fit(*n) || !attributes_fit(*n)) return false;
  const auto heads = heads_of(*n);
  if (!heads) return false;
  Expansion(graph, n).run(*heads);
  return true;
}

}  // namespace inferc
