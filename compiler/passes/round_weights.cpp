#include "compiler/passes/round_weights.hpp"

#include <algorithm>
#include <cmath>

#include "compiler/ops/product.hpp"
#include "kernels/convert.hpp"

namespace inferc {
namespace round_weights_detail {
namespace {

using formats::bfloat16;

float rounded(float x) { return formats::to_float<bfloat16>(formats::from_float<bfloat16>(x)); }

bool is_product_with_weights(const Node& n) {
  const bool product = n.is("Gemm") || n.is("MatMul");
  return product && n.in(1) && n.in(1)->is_constant() && n.in(1)->constant->dtype() == DType::float32 && !n.in(0)->is_constant();
}

bool round_weights_of(Graph& graph, Node& n) {
  Tensor weights = *n.in(1)->constant;
  const auto all = weights.as<float>();
  if (std::any_of(all.begin(), all.end(), [](float x) { return std::isfinite(x) && !std::isfinite(rounded(x)); })) return false;
  std::transform(all.begin(), all.end(), all.begin(), rounded);
  graph.set_input(&n, 1, graph.add_constant(std::move(weights), n.in(1)->name));
  n.attributes.insert_or_assign(std::string(rounded_weights), std::int64_t{1});
  return true;
}

}  // namespace
}  // namespace round_weights_detail

bool round_weights(Graph& graph) {
  using namespace round_weights_detail;
  bool changed = false;
  for (Node* n : graph.nodes()) {
    for (Region& r : n->regions) changed = round_weights(*r.graph) || changed;
    if (is_product_with_weights(*n)) changed = round_weights_of(graph, *n) || changed;
  }
  return changed;
}

}  // namespace inferc
