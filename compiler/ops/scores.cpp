#include "compiler/ops/scores.hpp"

#include <fmt/format.h>

#include <numbers>

namespace inferc::scores {
namespace {

// e^(x - max) of what is not 0, divided by its sum; 0 stays 0.
Value* softmax_of_nonzero(Expand& e, Value* v) {
  const DType t = v->type->dtype;
  Value *axis = e.integers({-1}), *zero = e.real(0, t), *one = e.real(1, t);
  Value* powers = e("Exp", {e("Sub", {v, e("ReduceMax", {v, axis})})});
  Value* kept = e("Where", {e("Equal", {v, zero}), zero, powers});
  Value* sum = e("ReduceSum", {kept, axis});
  return e("Div", {kept, e("Where", {e("Equal", {sum, zero}), one, sum})});
}

// sqrt(2) erfinv(2 x - 1) with Winitzki's erfinv: sqrt(sqrt(b^2 - w / a) - b), w = log(1 - v^2), b = 2 / (pi a) + w /
// 2, a = 0.147.
Value* probit(Expand& e, Value* x) {
  const DType t = x->type->dtype;
  constexpr double a = 0.147;
  Value* v = e("Sub", {e("Mul", {x, e.real(2, t)}), e.real(1, t)});
  Value* one = e.real(1, t);
  Value* w = e("Log", {e("Mul", {e("Sub", {one, v}), e("Add", {one, v})})});
  Value* b = e("Add", {e("Mul", {w, e.real(0.5, t)}), e.real(2 / (std::numbers::pi * a), t)});
  Value* root = e("Sqrt", {e("Sub", {e("Mul", {b, b}), e("Mul", {w, e.real(1 / a, t)})})});
  Value* size = e("Sqrt", {e("Sub", {root, b})});
  return e("Mul", {e("Mul", {e("Sign", {v}), size}), e.real(std::numbers::sqrt2, t)});
}

}  // namespace

std::optional<Dim> rows(Infer& i, std::int64_t features) {
  const Shape& x = i.shape(0);
  if (x.empty() || x.size() > 2) {
    i.fail(fmt::format("X is {}, [rows, features] is supported", text(i.type(0))), "put a Reshape before it");
    return std::nullopt;
  }
  if (features < 1) {
    i.fail("its attributes give no number of features");
    return std::nullopt;
  }
  static_cast<void>(i.unify(Dim(features), x.back()));
  return i.failed() ? std::nullopt : std::optional(x.size() == 1 ? Dim(1) : x[0]);
}

Value* matrix(Expand& e) {
  Value* x = e.cast(e.in(0), DType::float32);
  return x->type->rank() == 1 ? e("Unsqueeze", {x, e.integers({0})}) : x;
}

Value* table(Expand& e, const char* key, std::int64_t columns) {
  const auto values = e.node.attr(key, std::vector<float>());
  return e.reals(values, {static_cast<std::int64_t>(values.size()) / columns, columns});
}

std::string transform_of(const Node& n) { return n.attr("post_transform", std::string("NONE")); }

bool check_transform(Infer& i) {
  const std::string t = transform_of(i.node);
  for (const char* known : {"NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"})
    if (t == known) return true;
  return i.fail(fmt::format("post_transform '{}' is not defined", escape(t)), "NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO, PROBIT");
}

Value* transformed(Expand& e, Value* v, const std::string& t) {
  if (t == "SOFTMAX") return e("Softmax", {v}, {{"axis", std::int64_t{-1}}});
  if (t == "LOGISTIC") return e("Sigmoid", {v});
  if (t == "SOFTMAX_ZERO") return softmax_of_nonzero(e, v);
  return t == "PROBIT" ? probit(e, v) : v;
}

Labels labels_of(const Node& n, const char* integers) {
  Labels out{n.attr(integers, std::vector<std::int64_t>()), false};
  const auto words = n.attr("classlabels_strings", std::vector<std::string>());
  if (words.empty()) return out;
  out = {{}, true};
  for (std::size_t k = 0; k < words.size(); ++k) out.values.push_back(static_cast<std::int64_t>(k));
  return out;
}

bool infer_labels(Infer& i, const Labels& labels, const Dim& rows) {
  if (labels.values.size() < 2) return i.fail(fmt::format("{} classes, two or more are supported", labels.values.size()));
  if (labels.strings && is_read(i.node, 0))
    return i.fail("its labels are strings, which are no type of inference",
                  "train with integer classes, or take the label out of the outputs of the graph: the scores have the "
                  "order of classlabels_strings");
  i.out(0, DType::int64, {rows});
  return true;
}

void give_largest(Expand& e, Value* v, const Labels& labels) {
  Value* index = e("ArgMax", {v}, {{"axis", std::int64_t{1}}, {"keepdims", std::int64_t{0}}});
  e.give(0, e("Gather", {e.integers(labels.values), index}));
}

void give_above(Expand& e, Value* v, double threshold, const Labels& labels) {
  const auto label = [&](std::size_t k) { return e.constant(tensor_of<std::int64_t>({}, std::span(&labels.values[k], 1))); };
  Value* above = e("Squeeze", {e("Greater", {v, e.real(threshold, v->type->dtype)}), e.integers({1})});
  e.give(0, e("Where", {above, label(1), label(0)}));
}

}  // namespace inferc::scores
