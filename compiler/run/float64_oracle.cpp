#include "compiler/run/float64_oracle.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>

#include "compiler/ops/evaluate_graph.hpp"
#include "compiler/ops/op.hpp"
#include "compiler/run/elements.hpp"

namespace inferc {
namespace {

bool chooses(const Node& n) { return n.is("TopK") || n.is("ArgMax") || n.is("ArgMin"); }

// Which output holds the chosen indices, if the node chooses between floating-point values.
std::optional<std::size_t> index_output(const Node& n, const Tensor& operand) {
  if (!chooses(n) || !is_float(operand.dtype())) return std::nullopt;
  return n.op == "TopK" ? 1 : 0;
}

bool rounds(const Node& n) { return n.is("Round") || n.is("Floor") || n.is("Ceil"); }

// Where a choice is found again in another form of the graph; "": it has no name, or none of its own.
std::string key_of(const Node& n, std::size_t output) {
  const Value* v = n.out(output);
  if (!v || !v->name.empty()) return v ? v->name : "";
  return rounds(n) && !n.name.empty() ? n.name + "/" + n.op : "";
}

// How far x is from the numbers that the node rounds to `integer`.
double distance_to(const Node& n, double x, double integer) {
  const double below = n.is("Floor") ? 0 : n.is("Ceil") ? 1 : 0.5, above = 1 - below;
  return std::max({0.0, integer - below - x, x - (integer + above)});
}

// Lines of `x` along the axis of the choice, and the chosen elements of each.
struct Lines {
  std::size_t outer, axis, inner, chosen;
  Lines(const Node& n, const Tensor& x, const Tensor& indices) {
    const std::size_t at = from_front(n.attr_int("axis", n.op == "TopK" ? -1 : 0), static_cast<std::int64_t>(x.rank()));
    outer = inner = 1;
    for (std::size_t d = 0; d < x.rank(); ++d) (d < at ? outer : inner) *= d == at ? 1 : static_cast<std::size_t>(x.shape()[d]);
    axis = static_cast<std::size_t>(x.shape()[at]);
    chosen = outer * inner == 0 ? 0 : indices.size() / (outer * inner);
  }
  [[nodiscard]] std::size_t source(std::size_t position, std::int64_t index) const {
    return (position / (chosen * inner) * axis + static_cast<std::size_t>(index)) * inner + position % inner;
  }
};

double largest_magnitude(const Tensor& x) {
  double out = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (const double y = std::fabs(element(x, i)); std::isfinite(y)) out = std::max(out, y);
  return out;
}

Choice compare_choice(const Node& n, const Tensor& x, const Tensor& exact, const Tensor& taken) {
  Choice out{address(n)};
  const Lines lines(n, x, taken);
  const double unit = std::ldexp(largest_magnitude(x), -23);
  for (std::size_t i = 0; i < taken.size(); ++i) {
    const std::int64_t a = exact.as<std::int64_t>()[i], b = taken.as<std::int64_t>()[i];
    if (a == b) continue;
    ++out.count;
    const double distance = std::fabs(element(x, lines.source(i, a)) - element(x, lines.source(i, b)));
    if (distance > 0) out.gap = std::max(out.gap, distance / unit);
    if (std::isnan(distance)) out.gap = INFINITY;
  }
  return out;
}

Choice compare_rounding(const Node& n, const Tensor& x, const Tensor& exact, const Tensor& taken) {
  Choice out{address(n)};
  const double unit = std::ldexp(largest_magnitude(x), -23);
  for (std::size_t i = 0; i < taken.size(); ++i) {
    const double a = element(exact, i), b = element(taken, i);
    if (a == b || (std::isnan(a) && std::isnan(b))) continue;
    ++out.count;
    const double distance = distance_to(n, element(x, i), b);
    if (distance > 0) out.gap = std::max(out.gap, distance / unit);
    if (std::isnan(distance)) out.gap = INFINITY;
  }
  return out;
}

Tensor take(const Node& n, const Tensor& x, const Tensor& indices) {
  Tensor out(x.dtype(), indices.shape());
  const Lines lines(n, x, indices);
  const std::size_t width = byte_size(x.dtype());
  for (std::size_t i = 0; i < indices.size(); ++i)
    std::memcpy(out.bytes().data() + i * width, x.bytes().data() + lines.source(i, indices.as<std::int64_t>()[i]) * width, width);
  return out;
}

std::vector<Tensor> widened(const std::vector<Tensor>& tensors) {
  std::vector<Tensor> out;
  for (const Tensor& t : tensors) out.push_back(inferc::widened(t));
  return out;
}

// Puts the given choices into a run and notes where it would have chosen otherwise.
class Steering {
 public:
  // Of a run of `graph`.
  Steering(const Graph& graph, const Choices& chosen) : chosen_(chosen) {
    std::set<std::string> seen;
    for (const Node* n : graph.nodes())
      if (rounds(*n) && !seen.insert(key_of(*n, 0)).second) ambiguous_.insert(key_of(*n, 0));
  }
  void operator()(const Node& n, std::span<const Tensor* const> operands, std::span<Tensor> results) {
    if (operands.empty() || !operands[0]) return;
    const auto at = rounds(n) ? std::optional<std::size_t>(0) : index_output(n, *operands[0]);
    if (!at || !n.out(*at)) return;
    const auto given = chosen_.find(key_of(n, *at));
    if (given == chosen_.end() || ambiguous_.contains(given->first) || given->second.shape() != results[*at].shape()) return;
    Choice c = (rounds(n) ? compare_rounding : compare_choice)(n, *operands[0], results[*at], given->second);
    if (c.count == 0) return;
    choices.push_back(std::move(c));
    results[*at] = widened(given->second);
    if (n.op == "TopK" && n.out(0)) results[0] = take(n, *operands[0], given->second);
  }
  std::vector<Choice> choices;

 private:
  const Choices& chosen_;
  std::set<std::string> ambiguous_;  // names of several roundings: a pass may have left one of them
};

bool decides(std::span<const Tensor* const> operands, const Tensor& result) {
  return !is_float(result.dtype()) && std::any_of(operands.begin(), operands.end(), [](const Tensor* t) { return t && is_float(t->dtype()); });
}

}  // namespace

Choices choices_of(const Graph& graph, const std::vector<Tensor>& inputs, const SymbolValues& symbols) {
  Choices out;
  const auto nodes = graph.nodes();
  if (std::none_of(nodes.begin(), nodes.end(), [](const Node* n) { return chooses(*n) || rounds(*n); })) return out;
  std::set<std::string> ambiguous{""};
  const auto note = [&](const Node& n, std::span<const Tensor* const> operands, std::span<Tensor> results) {
    if (operands.empty() || !operands[0]) return;
    const auto at = rounds(n) ? std::optional<std::size_t>(0) : index_output(n, *operands[0]);
    if (!at || !n.out(*at)) return;
    const std::string key = key_of(n, *at);
    if (!out.emplace(key, results[*at]).second) ambiguous.insert(key);
  };
  (void)evaluate_graph(graph, inputs, symbols, note);
  for (const std::string& key : ambiguous) out.erase(key);
  return out;
}

Float64Oracle::Float64Oracle(const Graph& graph) : narrow_(clone(graph)), wide_(inferc::widened(graph)) {}

ExactRun Float64Oracle::run(const std::vector<Tensor>& inputs, const SymbolValues& symbols, const Choices& chosen) const {
  Steering steering(*wide_, chosen);
  ExactRun out;
  out.outputs = evaluate_graph(*wide_, widened(inputs), symbols, std::ref(steering));
  out.choices = std::move(steering.choices);
  return out;
}

std::vector<std::string> Float64Oracle::unstable_nodes(const std::vector<Tensor>& inputs, const SymbolValues& symbols) const {
  std::vector<std::vector<Tensor>> narrow;
  std::vector<std::string> out;
  std::size_t k = 0;
  const auto keep = [&](const Node&, std::span<const Tensor* const> operands, std::span<Tensor> results) {
    narrow.emplace_back();
    for (const Tensor& t : results)
      if (decides(operands, t)) narrow.back().push_back(t);
  };
  const auto meet = [&](const Node& n, std::span<const Tensor* const> operands, std::span<Tensor> results) {
    std::size_t i = 0;
    bool differs = false;
    for (const Tensor& t : results)
      if (decides(operands, t)) differs |= !t.same(narrow[k][i++]);
    if (differs) out.push_back(address(n));
    ++k;
  };
  (void)evaluate_graph(*narrow_, inputs, symbols, keep);
  (void)evaluate_graph(*wide_, widened(inputs), symbols, meet);
  return out;
}

}  // namespace inferc
