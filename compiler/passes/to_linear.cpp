#include <algorithm>
#include <numeric>

#include "compiler/passes/edit.hpp"
#include "compiler/passes/match.hpp"
#include "compiler/passes/passes.hpp"

namespace inferc {
namespace to_linear_detail {
namespace {

// Gemm with constant weights and unit factors: MatMul, then Add.
bool gemm(Graph& graph, Node* n) {
  if (!n->is("Gemm") || !n->regions.empty() || !is_float32(n->out()) || !n->in(1)->is_constant()) return false;
  if (n->attr("alpha", 1.0f) != 1.0f || n->attr("beta", 1.0f) != 1.0f) return false;
  const Edit edit(graph, n);
  Value* a = n->attr_int("transA", 0) ? edit.transpose(n->in(0), {1, 0}) : n->in(0);
  Value* b = n->attr_int("transB", 0) ? edit.transpose(n->in(1), {1, 0}) : n->in(1);
  Value* product = edit("MatMul", {a, b});
  edit.replace_with(n->in(2) ? edit("Add", {product, n->in(2)}) : product);
  return true;
}

bool all_equal(const Node& n, std::string_view key, std::int64_t value) {
  const auto values = n.attr(key, std::vector<std::int64_t>{});
  return std::all_of(values.begin(), values.end(), [&](std::int64_t v) { return v == value; });
}

bool is_pointwise(const Node& n) {
  if (!n.is("Conv") || !n.regions.empty() || !is_float32(n.out()) || !n.in(1)->is_constant() || (n.in(2) && !n.in(2)->is_constant())) return false;
  const auto& w = n.in(1)->constant->shape();
  return std::all_of(w.begin() + 2, w.end(), [](std::int64_t k) { return k == 1; }) && all_equal(n, "strides", 1) && all_equal(n, "pads", 0) &&
         n.attr_int("group", 1) == 1;
}

// [N, C, S...] -> [N, S..., C]
std::vector<std::int64_t> channels_last(std::size_t rank) {
  std::vector<std::int64_t> p(rank);
  std::iota(p.begin(), p.end(), 0);
  std::rotate(p.begin() + 1, p.begin() + 2, p.end());
  return p;
}
std::vector<std::int64_t> channels_first(std::size_t rank) {
  std::vector<std::int64_t> p(rank);
  std::iota(p.begin(), p.end(), 0);
  std::rotate(p.begin() + 1, p.end() - 1, p.end());
  return p;
}

// A convolution of kernel size 1 is a product over channels.
bool pointwise_conv(Graph& graph, Node* n) {
  if (!is_pointwise(*n)) return false;
  const Edit edit(graph, n);
  const auto& w = n->in(1)->constant->shape();
  const std::size_t rank = w.size();
  Value* weights = edit.transpose(edit.view(n->in(1), {w[0], w[1]}), {1, 0});
  Value* y = edit("MatMul", {edit.transpose(n->in(0), channels_last(rank)), weights});
  if (n->in(2)) y = edit("Add", {y, n->in(2)});
  edit.replace_with(edit.transpose(y, channels_first(rank)));
  return true;
}

// x * s + t with s = scale / sqrt(var + epsilon), t = bias - mean * s, along axis 1.
bool batch_normalization(Graph& graph, Node* n) {
  if (!n->is("BatchNormalization") || !is_float32(n->out()) || n->outputs.size() != 1) return false;
  for (std::size_t i = 1; i < 5; ++i)
    if (!n->in(i) || !n->in(i)->is_constant() || !is_float32(n->in(i))) return false;
  const Edit edit(graph, n);
  const float epsilon = n->attr("epsilon", 1e-5f);
  Value* e = graph.add_constant(tensor_of<float>({}, std::span(&epsilon, 1)));
  Value* s = edit("Div", {n->in(1), edit("Sqrt", {edit("Add", {n->in(4), e})})});
  Value* t = edit("Sub", {n->in(2), edit("Mul", {n->in(3), s})});
  Shape shape{n->in(1)->type->shape[0]};
  if (const auto rank = static_cast<std::size_t>(n->in(0)->type->rank()); rank > 2) shape.resize(rank - 1, Dim(1));
  const auto along = [&](Value* v) { return edit.view(v, shape); };
  edit.replace_with(edit("Add", {edit("Mul", {n->in(0), along(s)}), along(t)}));
  return true;
}

bool step(Graph& graph, Node* n) {
  if (n->outputs.size() != 1 || !n->out()) return false;
  return gemm(graph, n) || pointwise_conv(graph, n) || batch_normalization(graph, n);
}

}  // namespace
}  // namespace to_linear_detail

// Gemm and pointwise Conv with constant weights as MatMul and Add (channels last, between Transposes), inference
// BatchNormalization as Mul and Add, so that one set of rules serves them all. Reassociates (BatchNormalization).
bool to_linear(Graph& graph) {
  using namespace to_linear_detail;
  return rewrite_all(graph, step);
}

}  // namespace inferc
