#include "compiler/ops/evaluate_graph.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "compiler/ops/evaluate_control.hpp"
#include "compiler/ops/format.hpp"
#include "compiler/ops/halves.hpp"
#include "compiler/ops/op.hpp"

namespace inferc {
namespace {

class GraphRun {
 public:
  GraphRun(const Graph& graph, const std::vector<Tensor>& inputs, SymbolValues symbols, const NodeObserver& observer)
      : graph_(graph), symbols_(std::move(symbols)), observer_(observer) {
    if (inputs.size() != graph.inputs().size()) throw UserError(fmt::format("{} inputs, {} are defined", inputs.size(), graph.inputs().size()));
    for (std::size_t i = 0; i < inputs.size(); ++i) bind(*graph.inputs()[i], inputs[i]);
  }
  // Of a region: its node knows what it gives.
  GraphRun(const Region& region, std::vector<Tensor> inputs, SymbolValues symbols, const NodeObserver& observer)
      : graph_(*region.graph), symbols_(std::move(symbols)), observer_(observer) {
    for (std::size_t i = 0; i < inputs.size(); ++i) values_[graph_.inputs()[i]] = std::move(inputs[i]);
  }
  std::vector<Tensor> run() {
    for (const Node* n : graph_.nodes()) step(*n);
    std::vector<Tensor> out;
    for (const Value* v : graph_.outputs()) out.push_back(tensor(v));
    return out;
  }

 private:
  void bind(const Value& v, const Tensor& t) {
    const auto misfit = [&] { throw UserError(fmt::format("input '{}' is no {}", escape(v.name), text(*v.type))); };
    if (t.dtype() != v.type->dtype || t.rank() != v.type->shape.size()) misfit();
    for (std::size_t d = 0; d < t.rank(); ++d) {
      const Dim& size = v.type->shape[d];
      const std::string_view symbol = size.as_symbol();
      if (!symbol.empty() && symbols_.emplace(symbol, t.shape()[d]).second) continue;
      if (evaluate(size, symbols_) != t.shape()[d]) misfit();
    }
    values_[&v] = t;
  }
  RunRegion region_runner() {
    return [this](const Region& r, std::vector<Tensor> inputs) { return GraphRun(r, std::move(inputs), symbols_, observer_).run(); };
  }
  // Sizes that the node finds out stand in the shapes of its results.
  void note_measured(const Node& n, const Value& v, const Tensor& t) {
    if (n.measures.empty() || !v.type) return;
    for (std::size_t d = 0; d < t.rank(); ++d)
      if (const auto symbol = v.type->shape[d].as_symbol(); std::find(n.measures.begin(), n.measures.end(), symbol) != n.measures.end())
        symbols_.insert_or_assign(std::string(symbol), t.shape()[d]);
  }
  const Tensor& tensor(const Value* v) {
    if (const auto at = values_.find(v); at != values_.end()) return at->second;
    return v->constant.value();
  }
  void step(const Node& n) {
    std::vector<const Tensor*> inputs;
    for (const Value* v : n.inputs) inputs.push_back(v ? &tensor(v) : nullptr);
    std::vector<Tensor> results = is_control(n) ? evaluate_control(n, inputs, symbols_, region_runner()) : evaluate_node(n, inputs, symbols_);
    if (observer_) observer_(n, inputs, results);
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (!n.outputs[i]) continue;
      note_measured(n, *n.outputs[i], results[i]);
      values_[n.outputs[i]] = std::move(results[i]);
    }
  }

  const Graph& graph_;
  SymbolValues symbols_;
  const NodeObserver& observer_;
  std::map<const Value*, Tensor> values_;
};

bool widens(DType t) { return t == DType::float32 || types::halves.has(t); }
bool names_a_type(std::string_view key) { return key == "to" || key == "dtype" || key == "output_datatype"; }

// Attributes that name an element type, by ONNX's number.
void widen_attributes(Node& n) {
  for (auto& [key, value] : n.attributes) {
    if (auto* t = std::get_if<Tensor>(&value)) *t = widened(*t);
    if (auto* number = std::get_if<std::int64_t>(&value);
        number && names_a_type(key) && widens(dtype_from_onnx(static_cast<int>(*number)).value_or(DType::undefined)))
      *number = static_cast<std::int64_t>(DType::float64);
  }
}

void widen_type(Value* v) {
  if (v && v->type && widens(v->type->dtype)) v->type->dtype = DType::float64;
}

// Operands and results in float32 of an operator that has no float64: they stay what they are, between Casts.
struct Narrow {
  Node* node;
  Node* next;  // null: it is the last
  std::vector<std::size_t> inputs, outputs;
};

bool is_float32(const Value* v) { return v && v->type && v->type->dtype == DType::float32; }

std::vector<Narrow> narrow_nodes(const Graph& graph) {
  std::vector<Narrow> out;
  const std::vector<Node*> nodes = graph.nodes();
  for (std::size_t k = 0; k < nodes.size(); ++k) {
    const Op* op = find_op(nodes[k]->op, nodes[k]->domain);
    Narrow n{nodes[k], k + 1 < nodes.size() ? nodes[k + 1] : nullptr, {}, {}};
    for (std::size_t i = 0; op && !op->inputs.empty() && i < nodes[k]->inputs.size(); ++i)
      if (is_float32(nodes[k]->inputs[i]) && !op->inputs[std::min(i, op->inputs.size() - 1)].types.has(DType::float64)) n.inputs.push_back(i);
    for (std::size_t o = 0; o < nodes[k]->outputs.size(); ++o)
      if (is_float32(nodes[k]->outputs[o])) n.outputs.push_back(o);
    if (!n.inputs.empty()) out.push_back(std::move(n));
  }
  return out;
}

Value* cast_before(Graph& graph, Node* before, Value* v, DType to) {
  return graph.add_node("Cast", {v}, 1, {{"to", static_cast<std::int64_t>(to)}}, before)->outputs[0];
}

void add_casts(Graph& graph, const Narrow& n) {
  for (const std::size_t i : n.inputs) graph.set_input(n.node, i, cast_before(graph, n.node, n.node->inputs[i], DType::float32));
  for (const std::size_t o : n.outputs) {
    Value* result = n.node->outputs[o];
    Value* wide = cast_before(graph, n.next, result, DType::float64);
    graph.replace_uses(result, wide);
    graph.set_input(wide->producer, 0, result);
  }
}

// The types of what control flow gives stay: they are needed where a loop makes no iteration.
void widen(Graph& graph) {
  const std::vector<Narrow> narrow = narrow_nodes(graph);
  const auto stays = [&](const Node* n) { return std::any_of(narrow.begin(), narrow.end(), [&](const Narrow& k) { return k.node == n; }); };
  for (Value* v : graph.inputs()) {
    if (v->constant) v->constant = widened(*v->constant);
    widen_type(v);
  }
  for (Value* v : graph.constants()) {
    v->constant = widened(*v->constant);
    v->type->dtype = v->constant->dtype();
  }
  for (Node* n : graph.nodes()) {
    if (!stays(n)) widen_attributes(*n);
    for (Region& r : n->regions) widen(*r.graph);
    for (Value* v : n->outputs)
      if (is_control(*n)) widen_type(v);
      else if (v && n->domain != "inferc") v->type.reset();
  }
  for (const Narrow& n : narrow) add_casts(graph, n);
}

}  // namespace

std::vector<Tensor> evaluate_graph(const Graph& graph, const std::vector<Tensor>& inputs, SymbolValues symbols, const NodeObserver& observer) {
  return GraphRun(graph, inputs, std::move(symbols), observer).run();
}

Tensor widened(const Tensor& tensor) {
  if (!widens(tensor.dtype())) return tensor;
  const Tensor single = halves::to_float32(tensor);
  Tensor out(DType::float64, tensor.shape());
  std::copy(single.as<float>().begin(), single.as<float>().end(), out.as<double>().begin());
  return out;
}

std::unique_ptr<Graph> widened(const Graph& graph) {
  auto out = clone(graph);
  widen(*out);
  return out;
}

}  // namespace inferc
