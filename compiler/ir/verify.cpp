#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "compiler/ir/graph.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

class Verifier {
 public:
  explicit Verifier(const Graph& graph) : graph_(graph) {}
  void run() {
    for (const Value* v : graph_.inputs()) define(v, nullptr);
    for (const Value* v : graph_.constants())
      if (!defined_.count(v)) define(v, nullptr);
    for (const Node* n : graph_.nodes()) node(*n);
    for (const Value* v : graph_.outputs()) {
      require(v && defined_.count(v), "a graph output is not defined");
      require(v->type.has_value(), "a graph output has no type");
    }
    for (const Value* v : defined_) uses(*v);
  }

 private:
  void require(bool holds, const std::string& what) const {
    if (!holds) internal_error(fmt::format("graph '{}' is invalid: {}", escape(graph_.name), what));
  }
  void define(const Value* v, const Node* producer) {
    require(defined_.insert(v).second, fmt::format("value %{} is defined twice", v->id));
    require(v->producer == producer, fmt::format("value %{} names another producer", v->id));
    if (v->is_constant() && v->type) require(v->constant->dtype() == v->type->dtype, fmt::format("constant %{} differs from its type", v->id));
  }
  void node(const Node& n) {
    require(n.graph == &graph_, address(n) + " belongs to another graph");
    for (std::size_t i = 0; i < n.inputs.size(); ++i) {
      const Value* v = n.inputs[i];
      if (!v) continue;
      require(defined_.count(v) > 0, fmt::format("{} reads %{} before its definition", address(n), v->id));
      require(std::count(v->uses.begin(), v->uses.end(), Use{const_cast<Node*>(&n), i}) == 1, fmt::format("use {} of {} is not recorded", i, address(n)));
    }
    for (const Value* v : n.outputs)
      if (v) define(v, &n);
    regions(n);
  }
  void regions(const Node& n) {
    std::size_t captures = 0;
    for (const Region& r : n.regions) {
      require(r.graph != nullptr && r.captures <= r.graph->inputs().size(), address(n) + " has a broken region");
      require(&r.graph->symbols() == &graph_.symbols(), address(n) + ": a region has symbols of its own");
      captures += r.captures;
      verify(*r.graph);
    }
    require(captures <= n.inputs.size(), address(n) + " captures more values than it reads");
  }
  void uses(const Value& v) const {
    for (const Use& u : v.uses)
      require(u.index < u.node->inputs.size() && u.node->inputs[u.index] == &v, fmt::format("value %{} records a use that does not exist", v.id));
  }

  const Graph& graph_;
  std::set<const Value*> defined_;
};

}  // namespace

void verify(const Graph& graph) { Verifier(graph).run(); }

}  // namespace inferc
