#include <fmt/format.h>

#include <numeric>

#include "compiler/ops/support_vectors.hpp"

namespace inferc::op_SVMClassifier {
namespace {

using Reals = std::vector<float>;
using Integers = std::vector<std::int64_t>;

scores::Labels labels_of(const Node& n) { return scores::labels_of(n, "classlabels_ints"); }
Integers vectors_per_class(const Node& n) { return n.attr("vectors_per_class", Integers()); }
std::int64_t size_of(const Node& n, const char* key) { return static_cast<std::int64_t>(n.attr(key, Reals()).size()); }

// One decision for each pair of classes i < j, in order.
template <class F>
void for_each_pair(std::size_t classes, F f) {
  std::size_t k = 0;
  for (std::size_t i = 0; i < classes; ++i)
    for (std::size_t j = i + 1; j < classes; ++j) f(k++, i, j);
}

bool check(Infer& i, std::int64_t classes, std::int64_t vectors) {
  const std::int64_t pairs = classes * (classes - 1) / 2, coefficients = size_of(i.node, "coefficients");
  if (i.node.attributes.contains("prob_a")) return i.fail("probabilities (prob_a, prob_b) are not supported", "export it without them: probability=False");
  const Integers counts = vectors_per_class(i.node);
  const bool one_each = static_cast<std::int64_t>(counts.size()) == classes && *std::min_element(counts.begin(), counts.end()) >= 0;
  if (!one_each || coefficients != (classes - 1) * vectors || size_of(i.node, "rho") < pairs || support_vectors::features(i.node, vectors) < 1)
    return i.fail(fmt::format("{} coefficients, {} elements of vectors and {} of rho do not fit {} classes with {} support vectors", coefficients,
                              size_of(i.node, "support_vectors"), size_of(i.node, "rho"), classes, vectors));
  if (!support_vectors::check_kernel(i) || !scores::check_transform(i)) return false;
  const std::string transform = scores::transform_of(i.node);
  return classes > 2 || transform == "NONE" || transform == "LOGISTIC" ||
         i.fail(fmt::format("post_transform {} of one decision for two classes is not defined", transform));
}

void infer(Infer& i) {
  const scores::Labels labels = labels_of(i.node);
  const auto classes = static_cast<std::int64_t>(labels.values.size());
  const Integers counts = vectors_per_class(i.node);
  const std::int64_t vectors = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
  if (counts.empty()) {
    i.fail("it has no support vectors", "a linear classifier is a LinearClassifier");
    return;
  }
  if (classes < 2 || !check(i, classes, vectors)) {
    if (!i.failed()) i.fail(fmt::format("{} classes, two or more are supported", classes));
    return;
  }
  const auto rows = scores::rows(i, support_vectors::features(i.node, vectors));
  if (rows && scores::infer_labels(i, labels, *rows)) i.out(1, DType::float32, {*rows, Dim(classes == 2 ? 2 : classes * (classes - 1) / 2)});
}

// Decision of classes i and j: coefficient row j - 1 on the vectors of i, row i on those of j; other vectors count 0.
Value* decisions(Expand& e, Value* kernel, const Integers& counts) {
  const std::size_t classes = counts.size(), vectors = static_cast<std::size_t>(kernel->type->shape[1].constant().value());
  const Reals coefficients = e.node.attr("coefficients", Reals());
  Reals rho = e.node.attr("rho", Reals());
  const std::size_t pairs = classes * (classes - 1) / 2;
  std::vector<std::size_t> first(classes + 1, 0);
  for (std::size_t c = 0; c < classes; ++c) first[c + 1] = first[c] + static_cast<std::size_t>(counts[c]);
  Reals table(pairs * vectors, 0.0f);
  for_each_pair(classes, [&](std::size_t k, std::size_t i, std::size_t j) {
    for (std::size_t v = first[i]; v < first[i + 1]; ++v) table[k * vectors + v] = coefficients[(j - 1) * vectors + v];
    for (std::size_t v = first[j]; v < first[j + 1]; ++v) table[k * vectors + v] = coefficients[i * vectors + v];
  });
  rho.resize(pairs);
  const auto rows = static_cast<std::int64_t>(pairs);
  return e("Gemm", {kernel, e.reals(table, {rows, static_cast<std::int64_t>(vectors)}), e.reals(rho, {rows})}, {{"transB", std::int64_t{1}}});
}

// How many decisions each class wins: class i of a pair where it is > 0, else j.
Value* votes(Expand& e, Value* decision, std::size_t classes) {
  const std::size_t pairs = classes * (classes - 1) / 2;
  Reals table(pairs * classes, 0.0f), bias(classes, 0.0f);
  for_each_pair(classes, [&](std::size_t k, std::size_t i, std::size_t j) {
    table[k * classes + i] = 1;
    table[k * classes + j] = -1;
    bias[j] += 1;
  });
  const auto n = static_cast<std::int64_t>(classes);
  Value* won = e.cast(e("Greater", {decision, e.real(0)}), DType::float32);
  return e("Gemm", {won, e.reals(table, {static_cast<std::int64_t>(pairs), n}), e.reals(bias, {n})});
}

bool expand(Expand& e) {
  const Integers counts = vectors_per_class(e.node);
  Value* kernel = support_vectors::kernel(e, scores::matrix(e), std::accumulate(counts.begin(), counts.end(), std::int64_t{0}));
  Value* decision = decisions(e, kernel, counts);
  scores::give_largest(e, votes(e, decision, counts.size()), labels_of(e.node));
  if (counts.size() > 2) {
    e.give(1, scores::transformed(e, decision, scores::transform_of(e.node)));
  } else {
    Value* both = e("Concat", {e("Neg", {decision}), decision}, {{"axis", std::int64_t{1}}});
    e.give(1, scores::transformed(e, both, scores::transform_of(e.node)));
  }
  return true;
}

}  // namespace

extern const Op op = {.name = "SVMClassifier",
                      .domain = "ai.onnx.ml",
                      .inputs = {{"X", scores::features}},
                      .max_outputs = 2,
                      .attributes = {{"classlabels_ints", AttributeKind::integers},
                                     {"classlabels_strings", AttributeKind::strings},
                                     {"coefficients", AttributeKind::reals},
                                     {"kernel_params", AttributeKind::reals},
                                     {"kernel_type", AttributeKind::string},
                                     {"post_transform", AttributeKind::string},
                                     {"prob_a", AttributeKind::reals},
                                     {"prob_b", AttributeKind::reals},
                                     {"rho", AttributeKind::reals},
                                     {"support_vectors", AttributeKind::reals},
                                     {"vectors_per_class", AttributeKind::integers}},
                      .infer = infer,
                      .expand = expand,
                      .versions = "1"};

}  // namespace inferc::op_SVMClassifier
