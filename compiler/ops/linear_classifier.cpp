#include <fmt/format.h>

#include "compiler/ops/scores.hpp"

namespace inferc::op_LinearClassifier {
namespace {

using Reals = std::vector<float>;

scores::Labels labels_of(const Node& n) { return scores::labels_of(n, "classlabels_ints"); }
// Scores before the second of two classes is added: one for each intercept, else for each class.
std::int64_t targets_of(const Node& n) {
  const auto intercepts = static_cast<std::int64_t>(n.attr("intercepts", Reals()).size());
  return intercepts != 0 ? intercepts : static_cast<std::int64_t>(labels_of(n).values.size());
}

void infer(Infer& i) {
  const scores::Labels labels = labels_of(i.node);
  const auto classes = static_cast<std::int64_t>(labels.values.size()), targets = targets_of(i.node);
  const auto coefficients = static_cast<std::int64_t>(i.node.attr("coefficients", Reals()).size());
  if (!(targets == classes || (targets == 1 && classes == 2)) || coefficients % std::max<std::int64_t>(targets, 1) != 0) {
    i.fail(fmt::format("{} coefficients and {} intercepts do not fit {} classes", coefficients, targets, classes));
    return;
  }
  if (!scores::check_transform(i)) return;
  if (targets == 1 && scores::transform_of(i.node) != "NONE") {
    i.fail("post_transform of one score for two classes is not defined", "export it with a row of coefficients for each class");
    return;
  }
  const auto rows = scores::rows(i, coefficients / std::max<std::int64_t>(targets, 1));
  if (rows && scores::infer_labels(i, labels, *rows)) i.out(1, DType::float32, {*rows, Dim(classes)});
}

bool expand(Expand& e) {
  const std::int64_t targets = targets_of(e.node);
  const Reals intercepts = e.node.attr("intercepts", Reals());
  const auto features = static_cast<std::int64_t>(e.node.attr("coefficients", Reals()).size()) / targets;
  std::vector<Value*> operands{scores::matrix(e), scores::table(e, "coefficients", features)};
  if (!intercepts.empty()) operands.push_back(e.reals(intercepts, {targets}));
  Value* score = e("Gemm", operands, {{"transB", std::int64_t{1}}});
  if (targets > 1) {
    scores::give_largest(e, score, labels_of(e.node));
    e.give(1, scores::transformed(e, score, scores::transform_of(e.node)));
  } else {  // probabilities 1 - s and s
    scores::give_above(e, score, 0, labels_of(e.node));
    e.give(1, e("Concat", {e("Sub", {e.real(1), score}), score}, {{"axis", std::int64_t{1}}}));
  }
  return true;
}

}  // namespace

extern const Op op = {.name = "LinearClassifier",
                      .domain = "ai.onnx.ml",
                      .inputs = {{"X", scores::features}},
                      .max_outputs = 2,
                      .attributes = {{"classlabels_ints", AttributeKind::integers},
                                     {"classlabels_strings", AttributeKind::strings},
                                     {"coefficients", AttributeKind::reals},
                                     {"intercepts", AttributeKind::reals},
                                     {"multi_class", AttributeKind::integer},
                                     {"post_transform", AttributeKind::string}},
                      .infer = infer,
                      .expand = expand,
                      .versions = "1"};

}  // namespace inferc::op_LinearClassifier
