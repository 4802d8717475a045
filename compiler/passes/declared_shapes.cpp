#include "compiler/passes/declared_shapes.hpp"

#include <map>
#include <set>

#include "compiler/ops/op.hpp"

namespace inferc {
namespace {

class Spread {
 public:
  explicit Spread(Graph& graph) : graph_(graph) {
    for (const Value* v : graph.inputs())
      if (v->type && v->type->shape.empty()) scalars_.insert(v);
  }
  void run() {
    const std::vector<Node*> nodes = graph_.nodes();
    for (const Node* n : nodes) visit(*n);
    for (const Node* n : nodes)
      if (Value* v = n->out(); v && v->declared && !source(v)->declared) source(v)->declared = v->declared;
  }

 private:
  [[nodiscard]] bool is_scalar(const Value* v) const { return scalars_.contains(v) || (v->constant && v->constant->rank() == 0); }
  [[nodiscard]] Value* source(Value* v) const {
    const auto at = sources_.find(v);
    return at == sources_.end() ? v : at->second;
  }
  void visit(const Node& n) {
    const Op* op = find_op(n.op, n.domain);
    const bool like = n.is("CastLike");
    if (!n.out() || !op || !(op->elementwise || like)) return;
    std::set<Value*> sources;
    for (std::size_t i = 0; i < (like ? 1 : n.inputs.size()); ++i)
      if (n.inputs[i] && !is_scalar(n.inputs[i])) sources.insert(source(n.inputs[i]));
    if (sources.empty()) scalars_.insert(n.out());
    else if (sources.size() == 1) sources_[n.out()] = *sources.begin();
  }

  Graph& graph_;
  std::set<const Value*> scalars_;
  std::map<Value*, Value*> sources_;
};

}  // namespace

void spread_declared_shapes(Graph& graph) { Spread(graph).run(); }

}  // namespace inferc
