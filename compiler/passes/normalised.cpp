#include "compiler/passes/normalised.hpp"

#include <algorithm>

#include "compiler/ops/op.hpp"

namespace inferc::normalised {
namespace {

Pattern mul(Pattern a, Pattern b) { return Pattern::op("Mul", {std::move(a), std::move(b)}); }
Pattern add(Pattern a, Pattern b) { return Pattern::op("Add", {std::move(a), std::move(b)}); }
Pattern mean(Pattern x, std::string name) { return Pattern::op("ReduceMean", {std::move(x), Pattern::constant(name + "_axes")}, name); }

// d^2 as exporters write it.
Pattern square(const Pattern& d) { return Pattern::one_of({Pattern::op("Pow", {d, Pattern::number(2)}), mul(d, d)}); }

// d / sqrt(mean(d^2) + epsilon) in every spelling of the quotient and of the root.
Pattern over_deviation(const Pattern& d) {
  const Pattern shifted = add(mean(square(d), "variance"), Pattern::scalar("epsilon"));
  const Pattern root = Pattern::one_of({Pattern::op("Sqrt", {shifted}), Pattern::op("Pow", {shifted, Pattern::number(0.5)})});
  const Pattern inverse = Pattern::one_of(
      {Pattern::op("Reciprocal", {root}), Pattern::op("Div", {Pattern::number(1), root}), Pattern::op("Pow", {shifted, Pattern::number(-0.5)})});
  return Pattern::one_of({Pattern::op("Div", {d, root}), mul(d, inverse)});
}

}  // namespace

Pattern centred(const Pattern& x) {
  const Pattern by_sub = Pattern::op("Sub", {x, mean(x, "mean")}), by_add = add(x, Pattern::op("Neg", {mean(x, "mean")}));
  return over_deviation(Pattern::one_of({by_sub, by_add}));
}

Pattern uncentred(const Pattern& x) { return over_deviation(x); }

std::optional<std::vector<std::int64_t>> kept_axes(const Match& m, std::string_view reduction) {
  const Node& n = *m.nodes.find(reduction)->second;
  const Tensor& axes = *n.in(1)->constant;
  if (n.attr_int("keepdims", 1) != 1 || axes.size() == 0 || axes.dtype() != DType::int64 || !n.in(0)->type) return std::nullopt;
  std::vector<std::int64_t> out;
  for (const std::int64_t a : axes.as<std::int64_t>()) out.push_back(static_cast<std::int64_t>(from_front(a, n.in(0)->type->rank())));
  std::sort(out.begin(), out.end());
  return out;
}

bool all_equal(const Value* v, float value) {
  if (!v || !v->is_constant() || v->constant->dtype() != DType::float32) return false;
  const auto elements = v->constant->as<float>();
  return std::all_of(elements.begin(), elements.end(), [&](float e) { return e == value; });
}

Value* filled(Graph& graph, std::int64_t size, float value) {
  Tensor t(DType::float32, {size});
  for (float& e : t.as<float>()) e = value;
  return graph.add_constant(std::move(t));
}

}  // namespace inferc::normalised
