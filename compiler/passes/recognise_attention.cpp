#include <algorithm>
#include <numeric>

#include "compiler/ops/op.hpp"
#include "compiler/passes/edit.hpp"
#include "compiler/passes/match.hpp"
#include "compiler/passes/passes.hpp"

namespace inferc {
namespace recognise_attention_detail {
namespace {

Pattern scaled(const Pattern& x, const std::string& scale) {
  return Pattern::one_of({Pattern::op("Mul", {x, Pattern::scalar(scale)}), Pattern::op("Div", {x, Pattern::scalar(scale + "_divisor")}), x});
}

// softmax(q k^T), the factor on q, on k, on the product, or on several of them.
const Pattern product =
    scaled(Pattern::op("MatMul", {scaled(Pattern::any("q"), "q_scale"), scaled(Pattern::any("k_transposed"), "k_scale")}, "scores"), "scale");
const Pattern probabilities = Pattern::op("Softmax", {Pattern::one_of({Pattern::op("Add", {product, Pattern::any("mask")}), product})}, "softmax");
// Newer exporters replace the NaN of rows that are masked as a whole by 0.
const Pattern guarded = Pattern::op("Where", {Pattern::op("IsNaN", {probabilities}), Pattern::number(0), probabilities}, "guard");
const Pattern attention = Pattern::op("MatMul", {Pattern::one_of({guarded, probabilities}), Pattern::any("v")});

double factor(const Match& m, const std::string& name) {
  if (const Value* v = m[name]) return *scalar_value(v);
  if (const Value* v = m[name + "_divisor"]) return 1 / *scalar_value(v);
  return 1;
}

bool over_last_axis(const Node& softmax) {
  const std::int64_t axis = softmax.attr_int("axis", -1), rank = softmax.out()->type->rank();
  return (axis == -1 || axis == rank - 1) && (softmax.attr_int("flatten", 0) == 0 || rank == 2);
}

bool same_batch(const Value* a, const Value* b) {
  const Shape &s = a->type->shape, &t = b->type->shape;
  return s.size() == t.size() && s.size() >= 3 && s.size() <= 4 && std::equal(s.begin(), s.end() - 2, t.begin());
}

// Whether the mask broadcasts to the scores, without more dims or batches of its own.
bool mask_fits(const Match& m) {
  const Value *mask = m["mask"], *scores = m.nodes.at("scores")->out();
  if (!mask) return true;
  if (!mask->type || mask->type->dtype != DType::float32 || mask->type->rank() > scores->type->rank()) return false;
  const Shape &s = mask->type->shape, &full = scores->type->shape;
  return std::equal(s.rbegin(), s.rend(), full.rbegin(), [](const Dim& a, const Dim& b) { return a.is(1) || a == b; });
}

bool suits(const Match& m) {
  for (const char* name : {"q", "k_transposed", "v"})
    if (!m[name]->type || m[name]->type->dtype != DType::float32 || m[name]->is_constant()) return false;
  if (!same_batch(m["q"], m["k_transposed"]) || !same_batch(m["q"], m["v"])) return false;
  return over_last_axis(*m.nodes.at("softmax")) && mask_fits(m);
}

// [h, s, d] as [1, h, s, d].
Value* rank4(const Edit& edit, Value* v) {
  Shape shape(4 - v->type->shape.size(), Dim(1));
  shape.insert(shape.end(), v->type->shape.begin(), v->type->shape.end());
  return edit.view(v, shape);
}

Value* last_two_swapped(const Edit& edit, Value* v) {
  std::vector<std::int64_t> p(static_cast<std::size_t>(v->type->rank()));
  std::iota(p.begin(), p.end(), 0);
  std::swap(p[p.size() - 1], p[p.size() - 2]);
  return edit.transpose(v, p);
}

bool step(Graph& graph, Node* n) {
  if (!n->is("MatMul")) return false;
  const auto m = match(attention, n->out());
  if (!m || !suits(*m)) return false;
  const Edit edit(graph, n);
  const double scale = factor(*m, "q_scale") * factor(*m, "k_scale") * factor(*m, "scale");
  std::vector<Value*> inputs{rank4(edit, (*m)["q"]), rank4(edit, last_two_swapped(edit, (*m)["k_transposed"])), rank4(edit, (*m)["v"])};
  if (Value* mask = (*m)["mask"]) inputs.push_back(mask->type->rank() < 4 ? rank4(edit, mask) : mask);
  Attributes attributes{{"scale", static_cast<float>(scale)}};
  if (m->nodes.count("guard")) attributes["zero_masked_rows"] = std::int64_t{1};
  Value* out = edit.composite("Attention", inputs, attributes, joined_origins({m->covered.rbegin(), m->covered.rend()}));
  edit.replace_with(edit.view(out, n->out()->type->shape));
  return true;
}

}  // namespace
}  // namespace recognise_attention_detail

// softmax(q k^T * scale + mask) v as `inferc.Attention` on [batch, heads, length, size], with the scale on q, k, the scores
// or several, and with or without the guard for rows that are masked as a whole. Does not fire where the scores are read
// elsewhere, the softmax runs over another axis, batch dims broadcast, or the mask has more dims or
// batches than the scores. Reassociates (the place of the scale).
bool recognise_attention(Graph& graph) {
  using namespace recognise_attention_detail;
  return rewrite_all(graph, step);
}

}  // namespace inferc
