#include <fmt/format.h>

#include <algorithm>

#include "compiler/ops/legacy_trees.hpp"

namespace inferc::op_TreeEnsembleClassifier {
namespace {

using Integers = std::vector<std::int64_t>;

scores::Labels labels_of(const Node& n) { return scores::labels_of(n, "classlabels_int64s"); }

// Two classes of which the leaves weigh one only.
bool is_binary(const Node& n) {
  const Integers ids = n.attr("class_ids", Integers());
  return labels_of(n).values.size() == 2 && std::adjacent_find(ids.begin(), ids.end(), std::not_equal_to<>()) == ids.end();
}

bool check_ids(Infer& i) {
  const Integers ids = i.node.attr("class_ids", Integers());
  return !is_binary(i.node) || ids.empty() || ids.front() == 0 || i.fail("class_ids names the second of two classes alone", "one set of weights has the id 0");
}

// Of two classes that both have weights ONNX Runtime takes base_values for something else than the definition does.
bool check_base(Infer& i, std::int64_t classes) {
  const auto base = static_cast<std::int64_t>(legacy_trees::reals(i.node, "base_values", "base_values_as_tensor").size());
  const std::int64_t most = is_binary(i.node) ? 1 : classes == 2 ? 0 : classes;
  return base == 0 || base == most || i.fail(fmt::format("{} base_values, {} are supported here", base, most));
}

void infer(Infer& i) {
  const scores::Labels labels = labels_of(i.node);
  const auto classes = static_cast<std::int64_t>(labels.values.size());
  if (!check_ids(i) || !check_base(i, classes) || !legacy_trees::check(i, legacy_trees::classifier, is_binary(i.node) ? 1 : classes)) return;
  if (is_binary(i.node) && scores::transform_of(i.node) == "PROBIT") {
    i.fail("post_transform PROBIT of one score for two classes is not defined");
    return;
  }
  if (scores::infer_labels(i, labels, i.shape(0)[0])) i.out(1, DType::float32, {i.shape(0)[0], Dim(classes)});
}

// One sum s: with LOGISTIC its probabilities, else 1 - s and s where no weight is negative, or -s and s; no other
// transform counts.
void expand_binary(Expand& e) {
  const std::vector<double> weights = legacy_trees::reals(e.node, "class_weights", "class_weights_as_tensor");
  const bool probability = std::all_of(weights.begin(), weights.end(), [](double w) { return w >= 0; });
  Value* s = legacy_trees::sums(e, legacy_trees::classifier, 1);
  scores::give_above(e, s, probability ? 0.5 : 0.0, labels_of(e.node));
  const bool logistic = scores::transform_of(e.node) == "LOGISTIC";
  Value* other = probability && !logistic ? e("Sub", {e.real(1, s->type->dtype), s}) : e("Neg", {s});
  Value* both = e("Concat", {other, s}, {{"axis", std::int64_t{1}}});
  if (logistic) both = e("Sigmoid", {both});
  e.give(1, e.cast(both, DType::float32));
}

bool expand(Expand& e) {
  if (is_binary(e.node)) {
    expand_binary(e);
    return true;
  }
  const scores::Labels labels = labels_of(e.node);
  Value* y = legacy_trees::sums(e, legacy_trees::classifier, static_cast<std::int64_t>(labels.values.size()));
  scores::give_largest(e, y, labels);
  e.give(1, e.cast(scores::transformed(e, y, scores::transform_of(e.node)), DType::float32));
  return true;
}

}  // namespace

extern const Op op = {.name = "TreeEnsembleClassifier",
                      .domain = "ai.onnx.ml",
                      .inputs = {{"X", scores::features}},
                      .max_outputs = 2,
                      .attributes = legacy_trees::attributes({{"class_ids", AttributeKind::integers},
                                                              {"class_nodeids", AttributeKind::integers},
                                                              {"class_treeids", AttributeKind::integers},
                                                              {"class_weights", AttributeKind::reals},
                                                              {"class_weights_as_tensor", AttributeKind::tensor},
                                                              {"classlabels_int64s", AttributeKind::integers},
                                                              {"classlabels_strings", AttributeKind::strings}}),
                      .infer = infer,
                      .expand = expand,
                      .versions = "1, 3"};

}  // namespace inferc::op_TreeEnsembleClassifier
