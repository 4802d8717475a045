#include "compiler/ops/sequence_control.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/ops/control.hpp"
#include "compiler/ops/sequences.hpp"

namespace inferc {
namespace {

const Value* through_identities(const Value* v) {
  while (v->producer && v->producer->is("Identity")) v = v->producer->in(0);
  return v;
}

bool is_rows(const Value* v) { return v->producer->is("SequenceRows", "inferc"); }

class Rewriter {
 public:
  Rewriter(Graph& graph, Node* node, Diagnostics& diagnostics) : graph_(graph), node_(node), diagnostics_(diagnostics) {
    const std::size_t own = control::first_capture(*node, 0);
    own_.assign(node->inputs.begin(), node->inputs.begin() + static_cast<std::ptrdiff_t>(own));
    for (std::size_t r = 0, at = own; r < node->regions.size(); at += node->regions[r++].captures) {
      const auto first = node->inputs.begin() + static_cast<std::ptrdiff_t>(at);
      captures_.emplace_back(first, first + static_cast<std::ptrdiff_t>(node->regions[r].captures));
    }
    outputs_ = node->outputs;
  }

  std::vector<Node*> run() {
    const auto reads = [](const std::vector<Value*>& values) { return std::any_of(values.begin(), values.end(), is_sequence); };
    if (!reads(node_->inputs)) return {node_};
    if (reads(own_) && !(node_->is("Loop") && carried())) return {};
    for (std::size_t r = 0; r < node_->regions.size(); ++r) captured(r);
    Node* fresh = rebuilt();
    before_.push_back(fresh);
    behind(fresh);
    graph_.erase(node_);
    return std::move(before_);
  }

 private:
  // A sequence that the loop appends to: its elements before the loop, and the value that gets the rows.
  struct Appended {
    Value* output;
    std::vector<Value*> first;
  };

  bool fail(const std::string& reason, std::string help) { return diagnostics_.error(address(*node_) + ": " + reason, std::move(help)), false; }
  Node* add(std::string op, std::vector<Value*> inputs, Attributes attributes = {}) {
    Node* n = graph_.add_for(*node_, std::move(op), std::move(inputs), 1, std::move(attributes));
    before_.push_back(n);
    return n;
  }
  Value* unsqueezed(Value* v) { return add("Unsqueeze", {v, graph_.add_constant(tensor_of<std::int64_t>({1}, std::vector<std::int64_t>{0}))})->out(); }
  Value* concat(std::vector<Value*> parts) { return add("Concat", std::move(parts), {{"axis", std::int64_t{0}}})->out(); }

  // The tensor that the body appends to carried sequence k in every iteration, where it does nothing else with it.
  [[nodiscard]] Value* appended(std::size_t k) const {
    const Graph& body = *node_->regions[0].graph;
    const Value *formal = body.inputs()[2 + k], *result = through_identities(body.outputs()[1 + k]);
    const Node* insert = result->producer;
    if (!insert || !insert->is("SequenceInsert") || insert->in(2) || through_identities(insert->in(0)) != formal) return nullptr;
    return formal->uses.size() == 1 && result->uses.size() <= 1 ? insert->in(1) : nullptr;
  }
  // Whether no iteration changes it.
  [[nodiscard]] bool is_kept(std::size_t k) const {
    const Graph& body = *node_->regions[0].graph;
    return through_identities(body.outputs()[1 + k]) == body.inputs()[2 + k];
  }

  bool carried() {
    Region& region = node_->regions[0];
    Graph& body = *region.graph;
    std::vector<Value*> results = body.outputs(), collected;
    if (is_sequence(own_[0]) || (own_.size() > 1 && is_sequence(own_[1])) || body.inputs().size() < own_.size() || results.size() < own_.size() - 1)
      return fail("its operands do not fit its body", "");
    for (std::size_t k = own_.size() - 2; k-- > 0;) {
      Value* v = own_[2 + k];
      if (!is_sequence(v)) continue;
      Value* element = appended(k);
      if (!element && !is_kept(k))
        return fail(fmt::format("the sequence that it carries as value {} is not only appended to", k),
                    "append with SequenceInsert and read after the loop, or carry a tensor of the largest size");
      if (element && is_rows(v))
        return fail(fmt::format("the sequence that it carries as value {} has no fixed length before it", k), "begin with SequenceEmpty or SequenceConstruct");
      if (element) append(k, element, collected);
      else keep(k);
      results.erase(results.begin() + 1 + static_cast<std::ptrdiff_t>(k));
      std::vector<Value*> all = results;
      all.insert(all.end(), collected.begin(), collected.end());
      body.set_outputs(std::move(all));
      body.erase_dead();
      body.remove_input(2 + k);
      own_.erase(own_.begin() + 2 + static_cast<std::ptrdiff_t>(k));
    }
    return true;
  }
  void append(std::size_t k, Value* element, std::vector<Value*>& collected) {
    collected.push_back(element);
    if (outputs_[k]) appended_.push_back({outputs_[k], own_[2 + k]->producer->inputs});
    else appended_.push_back({nullptr, {}});
    outputs_.erase(outputs_.begin() + static_cast<std::ptrdiff_t>(k));
  }
  // It is captured.
  void keep(std::size_t k) {
    Region& region = node_->regions[0];
    Value* v = own_[2 + k];
    Value* inside = region.graph->inputs()[2 + k];
    region.graph->replace_uses(inside, formal(region, v));
    captures_[0].push_back(v);
    if (outputs_[k]) graph_.replace_uses(outputs_[k], v);
    outputs_.erase(outputs_.begin() + static_cast<std::ptrdiff_t>(k));
  }

  static Value* formal(Region& region, const Value* actual) {
    Value* v = region.graph->add_input(actual->name, actual->type.value_or(Type{}));
    if (!actual->type) v->type.reset();
    v->constant = actual->constant;
    ++region.captures;
    return v;
  }
  [[nodiscard]] static bool picks_at_run_time(const Value* formal) {
    return std::any_of(formal->uses.begin(), formal->uses.end(),
                       [](const Use& u) { return u.node->is("SequenceAt") && u.node->in(1) && !u.node->in(1)->constant; });
  }
  [[nodiscard]] static bool have_one_type(const std::vector<Value*>& elements) {
    return !elements.empty() && std::all_of(elements.begin(), elements.end(), [&](const Value* v) { return v->type && v->type == elements[0]->type; });
  }

  void captured(std::size_t r) {
    Region& region = node_->regions[r];
    std::vector<Value*>& actuals = captures_[r];
    for (std::size_t j = actuals.size(); j-- > 0;) {
      if (!is_sequence(actuals[j])) continue;
      Value* inside = region.graph->inputs()[region.graph->inputs().size() - region.captures + j];
      capture_parts(region, actuals, *actuals[j]->producer, inside);
      const auto& inputs = region.graph->inputs();
      region.graph->remove_input(static_cast<std::size_t>(std::find(inputs.begin(), inputs.end(), inside) - inputs.begin()));
      --region.captures;
      actuals.erase(actuals.begin() + static_cast<std::ptrdiff_t>(j));
    }
  }
  // In the region the sequence is made again, of its captured parts.
  void capture_parts(Region& region, std::vector<Value*>& actuals, const Node& made, Value* inside) {
    std::vector<Value*> parts = made.inputs;
    bool rows = is_rows(made.out());
    if (!rows && picks_at_run_time(inside) && have_one_type(parts)) {
      for (Value*& v : parts) v = unsqueezed(v);
      parts = {concat(std::move(parts))};
      rows = true;
    }
    std::vector<Value*> formals;
    for (Value* v : parts) {
      formals.push_back(formal(region, v));
      actuals.push_back(v);
    }
    const std::vector<Node*> nodes = region.graph->nodes();
    Node* again = region.graph->add_node(rows ? "SequenceRows" : "SequenceConstruct", std::move(formals), 1, {}, nodes.empty() ? nullptr : nodes.front());
    if (rows) again->domain = "inferc";
    again->name = made.name;
    region.graph->replace_uses(inside, again->out());
  }

  Node* rebuilt() {
    std::vector<Value*> inputs = own_;
    for (const auto& c : captures_) inputs.insert(inputs.end(), c.begin(), c.end());
    Node* n = graph_.add_for(*node_, node_->op, std::move(inputs), outputs_.size() + appended_.size(), node_->attributes);
    n->regions = std::move(node_->regions);
    node_->regions.clear();
    for (std::size_t k = 0; k < outputs_.size(); ++k) {
      if (!outputs_[k]) continue;
      n->outputs[k]->name = outputs_[k]->name;
      n->outputs[k]->declared = outputs_[k]->declared;
      graph_.replace_uses(outputs_[k], n->outputs[k]);
    }
    return n;
  }
  // The sequences behind the loop: the elements before it, then the rows.
  void behind(Node* loop) {
    for (std::size_t k = 0; k < appended_.size(); ++k) {
      const Appended& a = appended_[k];
      if (!a.output) continue;
      Value* rows = loop->outputs[outputs_.size() + k];
      rows->name = a.output->name;
      if (!a.first.empty()) {
        std::vector<Value*> parts;
        for (Value* v : a.first) parts.push_back(unsqueezed(v));
        parts.push_back(rows);
        rows = concat(std::move(parts));
      }
      Node* made = graph_.add_node("SequenceRows", {rows}, 1, {}, node_);
      made->domain = "inferc";
      made->name = node_->name;
      graph_.replace_uses(a.output, made->out());
    }
  }

  Graph& graph_;
  Node* node_;
  Diagnostics& diagnostics_;
  std::vector<Value*> own_, outputs_;
  std::vector<std::vector<Value*>> captures_;
  std::vector<Appended> appended_;
  std::vector<Node*> before_;  // to be inferred
};

}  // namespace

std::vector<Node*> control_without_sequences(Graph& graph, Node* node, Diagnostics& diagnostics) { return Rewriter(graph, node, diagnostics).run(); }

}  // namespace inferc
