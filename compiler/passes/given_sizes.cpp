#include "compiler/passes/given_sizes.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "compiler/ops/op.hpp"
#include "compiler/ops/open_size.hpp"

namespace inferc {
namespace {

bool is_integer(const Value* v) { return v && v->type && (v->type->dtype == DType::int64 || v->type->dtype == DType::int32); }

// Integers that are not known before run time.
bool is_open(const Value* v) { return is_integer(v) && !v->constant && !v->content && !v->known; }

// Whether the node's inputs have types and it got none: itself, or a node of its regions.
bool is_stuck(const Node& n) {
  const auto typed = [](const Value* v) { return !v || v->type; };
  return std::all_of(n.inputs.begin(), n.inputs.end(), typed) && std::any_of(n.outputs.begin(), n.outputs.end(), [&](const Value* v) { return !typed(v); });
}

// The inputs of the graph that open operands of a node are computed from, through values that are integers.
class Sources {
 public:
  explicit Sources(const Graph& graph) : graph_(graph) {}
  void visit(const Node& n) {
    if (!seen_.insert(&n).second) return;
    for (const Value* v : n.inputs)
      if (is_open(v)) visit(v);
  }
  [[nodiscard]] const std::set<const Value*>& found() const { return found_; }

 private:
  void visit(const Value* v) {
    if (v->producer) visit(*v->producer);
    else if (std::find(graph_.inputs().begin(), graph_.inputs().end(), v) != graph_.inputs().end()) found_.insert(v);
  }
  const Graph& graph_;
  std::set<const Node*> seen_;
  std::set<const Value*> found_;
};

std::optional<std::size_t> element_count(const Value* v) {
  if (v->type->rank() > 1) return std::nullopt;
  const auto n = product(v->type->shape).constant();
  return n && *n > 0 && *n <= static_cast<std::int64_t>(guarded_rank) ? std::optional(static_cast<std::size_t>(*n)) : std::nullopt;
}

std::string symbol_stem(std::string name) {
  std::replace_if(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) != 0 ? "n_" + name : name;
}

void give(Graph& graph, Value* input, std::size_t count) {
  const std::vector<Node*> nodes = graph.nodes();
  Node* n = graph.add_node("GivenSizes", {}, 1, {}, nodes.front());
  n->domain = "inferc";
  n->origins = {fmt::format("input '{}'", escape(input->name))};
  graph.replace_uses(input, n->out());
  graph.add_operand(n, input);
  std::vector<Dim> sizes;
  for (std::size_t k = 0; k < count; ++k) {
    const std::string stem = symbol_stem(input->name);
    const std::string symbol = graph.symbols().fresh(input->type->rank() == 0 ? stem : fmt::format("{}_{}", stem, k));
    graph.symbols().declare(symbol);
    sizes.push_back(Dim::symbol(symbol));
  }
  n->out()->name = input->name;
  n->out()->type = input->type;
  n->out()->content = std::move(sizes);
}

}  // namespace

bool give_sizes(Graph& graph, std::set<const Value*>& given) {
  Sources sources(graph);
  for (const Node* n : graph.nodes())
    if (is_stuck(*n)) sources.visit(*n);
  bool any = false;
  for (Value* v : std::vector<Value*>(graph.inputs())) {
    if (!sources.found().contains(v) || given.contains(v)) continue;
    const auto count = element_count(v);
    if (!count) continue;
    give(graph, v, *count);
    given.insert(v);
    any = true;
  }
  return any;
}

void unify_declared_reshapes(Graph& graph) {
  for (const Value* v : graph.outputs()) {
    const Node* n = v->producer;
    while (n && (n->is("Identity") || n->is("CastLike")) && n->in(0)) n = n->in(0)->producer;
    if (!n || !n->is("Reshape") || !n->in(1) || n->out()->type || !v->declared) continue;
    const auto& sizes = n->in(1)->content;
    if (!sizes || sizes->size() != v->declared->size()) continue;
    for (std::size_t d = 0; d < sizes->size(); ++d)
      if (!(*sizes)[d].as_symbol().empty() && !is_open_size((*v->declared)[d])) graph.symbols().require_equal((*sizes)[d], (*v->declared)[d], address(*n));
  }
}

void unify_declared_outputs(Graph& graph, Diagnostics& diagnostics) {
  for (const Value* v : graph.outputs()) {
    if (!v->producer || !v->type || !v->declared) continue;
    Infer infer(*v->producer, diagnostics);
    if (v->declared->size() != v->type->shape.size()) {
      infer.fail(fmt::format("output '{}' is {}, the file declares {}", escape(v->name), text(*v->type), text(Type{v->type->dtype, *v->declared})));
      continue;
    }
    for (std::size_t d = 0; d < v->declared->size(); ++d)
      if (!is_open_size((*v->declared)[d])) static_cast<void>(infer.unify(v->type->shape[d], (*v->declared)[d]));
  }
}

}  // namespace inferc
