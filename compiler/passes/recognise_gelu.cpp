#include "compiler/passes/match.hpp"
#include "compiler/passes/passes.hpp"

namespace inferc {
namespace recognise_gelu_detail {
namespace {

Pattern mul(Pattern a, Pattern b) { return Pattern::op("Mul", {std::move(a), std::move(b)}); }
Pattern add(Pattern a, Pattern b) { return Pattern::op("Add", {std::move(a), std::move(b)}); }

// x * 0.5 * g in every association; also x * (g / 2).
Pattern half_times(const Pattern& x, const Pattern& g) {
  const Pattern half = Pattern::number(0.5), two = Pattern::number(2);
  return Pattern::one_of(
      {mul(mul(x, half), g), mul(x, mul(half, g)), mul(half, mul(x, g)), mul(x, Pattern::op("Div", {g, two})), Pattern::op("Div", {mul(x, g), two})});
}

const Pattern x = Pattern::any("x");
const Pattern scaled = Pattern::one_of({Pattern::op("Div", {x, Pattern::number(1.4142135623730951)}), mul(x, Pattern::number(0.7071067811865476))});
const Pattern by_erf = half_times(x, add(Pattern::op("Erf", {scaled}), Pattern::number(1)));

const Pattern cube = Pattern::one_of({Pattern::op("Pow", {x, Pattern::number(3)}), mul(x, mul(x, x)), mul(mul(x, x), x)});
const Pattern inner = mul(add(x, mul(cube, Pattern::number(0.044715))), Pattern::number(0.7978845608028654));
const Pattern by_tanh = half_times(x, add(Pattern::op("Tanh", {inner}), Pattern::number(1)));

bool recognise(Graph& graph, Node* n, const Pattern& pattern, const char* approximate) {
  const auto m = match(pattern, n->out());
  if (!m || !((*m)["x"]->type == n->out()->type)) return false;
  replace_match(graph, *m, "Gelu", "", {(*m)["x"]}, {{"approximate", std::string(approximate)}});
  return true;
}

bool step(Graph& graph, Node* n) {
  if (!n->is("Mul") && !n->is("Div")) return false;
  return recognise(graph, n, by_erf, "none") || recognise(graph, n, by_tanh, "tanh");
}

}  // namespace
}  // namespace recognise_gelu_detail

// Gelu (ONNX 20) from 0.5 x (1 + erf(x / sqrt 2)) or its tanh form (Hendrycks and Gimpel, arXiv:1606.08415), factors in
// any order. Does not fire where an intermediate is read elsewhere. Reassociates.
bool recognise_gelu(Graph& graph) {
  using namespace recognise_gelu_detail;
  return rewrite_all(graph, step);
}

}  // namespace inferc
