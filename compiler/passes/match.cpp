#include "compiler/passes/match.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

namespace inferc {

struct Pattern::Data {
  enum class Kind : unsigned char { any, constant, number, scalar, op, one_of } kind;
  std::string name;  // bound name
  std::string op;
  double value = 0;
  std::vector<Pattern> inputs;  // of op; the alternatives of one_of
};

Pattern::Pattern(Data data) : data_(std::make_shared<const Data>(std::move(data))) {}
Pattern Pattern::any(std::string name) { return Pattern({Data::Kind::any, std::move(name), {}, 0, {}}); }
Pattern Pattern::constant(std::string name) { return Pattern({Data::Kind::constant, std::move(name), {}, 0, {}}); }
Pattern Pattern::number(double value) { return Pattern({Data::Kind::number, {}, {}, value, {}}); }
Pattern Pattern::scalar(std::string name) { return Pattern({Data::Kind::scalar, std::move(name), {}, 0, {}}); }
Pattern Pattern::op(std::string op, std::vector<Pattern> inputs, std::string name) {
  return Pattern({Data::Kind::op, std::move(name), std::move(op), 0, std::move(inputs)});
}
Pattern Pattern::one_of(std::vector<Pattern> alternatives) { return Pattern({Data::Kind::one_of, {}, {}, 0, std::move(alternatives)}); }

std::optional<double> scalar_value(const Value* v) {
  if (!v || !v->constant || v->constant->size() != 1) return std::nullopt;
  return number_at<float, double, std::int64_t, std::int32_t>(*v->constant, 0);
}

namespace {

using Data = Pattern::Data;

bool commutes(std::string_view op) {
  constexpr std::array all{"Add", "Mul", "Max", "Min", "And", "Or", "Equal"};
  return std::find(all.begin(), all.end(), op) != all.end();
}

std::string full_name(const Node& n) { return n.domain.empty() ? n.op : n.domain + "." + n.op; }

bool bind(Match& m, const std::string& name, Value* v) {
  if (name.empty()) return true;
  return m.values.emplace(name, v).first->second == v;
}

bool find(const Pattern& pattern, Value* v, Match& m);

bool find_inputs(const std::vector<Pattern>& patterns, const std::vector<Value*>& inputs, Match& m) {
  if (inputs.size() != patterns.size()) return false;
  for (std::size_t i = 0; i < patterns.size(); ++i)
    if (!inputs[i] || !find(patterns[i], inputs[i], m)) return false;
  return true;
}

bool find_at(const Data& p, Value* v, Match& m) {
  Node* n = v->producer;
  if (!n || n->out() != v || full_name(*n) != p.op) return false;
  std::vector<std::vector<Value*>> orders{n->inputs};
  if (n->inputs.size() == 2 && commutes(p.op)) orders.push_back({n->inputs[1], n->inputs[0]});
  for (const auto& inputs : orders) {
    Match trial = m;
    trial.covered.push_back(n);
    if (!p.name.empty()) trial.nodes[p.name] = n;
    if (!find_inputs(p.inputs, inputs, trial)) continue;
    m = std::move(trial);
    return true;
  }
  return false;
}

bool find(const Pattern& pattern, Value* v, Match& m) {
  const Data& p = pattern.data();
  switch (p.kind) {
    case Data::Kind::any:
      return bind(m, p.name, v);
    case Data::Kind::constant:
      return v->is_constant() && bind(m, p.name, v);
    case Data::Kind::scalar:
      return scalar_value(v).has_value() && bind(m, p.name, v);
    case Data::Kind::number: {
      const auto x = scalar_value(v);
      return x && std::abs(*x - p.value) <= std::abs(p.value) * 0x1p-22;
    }
    case Data::Kind::op:
      return find_at(p, v, m);
    case Data::Kind::one_of:
      for (const Pattern& alternative : p.inputs) {
        Match trial = m;
        if (!find(alternative, v, trial)) continue;
        m = std::move(trial);
        return true;
      }
  }
  return false;
}

// Only the root may be seen from outside.
bool closed(const Match& m) {
  const std::set<const Node*> inside(m.covered.begin(), m.covered.end());
  for (const Node* n : m.covered) {
    if (n == m.covered.front()) continue;
    for (const Value* v : n->outputs) {
      if (!v) continue;
      if (n->graph->is_output(v)) return false;
      for (const Use& u : v->uses)
        if (!inside.count(u.node)) return false;
    }
  }
  return true;
}

}  // namespace

std::optional<Match> match(const Pattern& pattern, Value* root) {
  Match m;
  if (!root || !find(pattern, root, m) || !closed(m)) return std::nullopt;
  return m;
}

std::vector<std::string> joined_origins(const std::vector<Node*>& nodes) {
  std::vector<std::string> out;
  for (const Node* n : nodes)
    for (const std::string& o : n->origins)
      if (std::find(out.begin(), out.end(), o) == out.end()) out.push_back(o);
  return out;
}

Node* replace_match(Graph& graph, const Match& m, std::string op, std::string domain, std::vector<Value*> inputs, Attributes attributes) {
  Node* root = m.covered.front();
  Node* n = graph.add_node(std::move(op), std::move(inputs), 1, std::move(attributes), root);
  n->domain = std::move(domain);
  n->name = root->name;
  std::vector<Node*> in_order(m.covered.rbegin(), m.covered.rend());
  n->origins = joined_origins(in_order);
  n->outputs[0]->name = root->out()->name;
  n->outputs[0]->type = root->out()->type;
  n->outputs[0]->content = root->out()->content;
  graph.replace_uses(root->out(), n->outputs[0]);
  return n;
}

bool rewrite_all(Graph& graph, const std::function<bool(Graph&, Node*)>& rewrite) {
  bool changed = false;
  for (Node* n : graph.nodes())
    for (Region& r : n->regions) changed |= rewrite_all(*r.graph, rewrite);
  for (bool again = true; again;) {
    graph.erase_dead();  // a reader that nobody reads would keep patterns from matching
    again = false;
    for (Node* n : graph.nodes())
      if (graph.is_read(*n) && rewrite(graph, n)) again = true;
    changed |= again;
  }
  return changed;
}

}  // namespace inferc
