#pragma once
#include "compiler/ops/expansion.hpp"

// What the linear models, support vectors and trees of ai.onnx.ml share: rows of features, scores, labels of classes.
namespace inferc::scores {

inline constexpr TypeSet features{DType::float32, DType::float64, DType::int32, DType::int64};

// X [rows, features] or [features]: its number of rows, if X may have `features` of them.
[[nodiscard]] std::optional<Dim> rows(Infer& i, std::int64_t features);
// X as float32 [rows, features].
Value* matrix(Expand& e);
// The list of floats `key` as one row of a [size / columns, columns] constant.
Value* table(Expand& e, const char* key, std::int64_t columns);

// Attribute post_transform is one of ONNX's.
bool check_transform(Infer& i);
[[nodiscard]] std::string transform_of(const Node& n);
// The transform along the last axis. PROBIT is the approximation of ONNX's reference (relative error 2e-3).
Value* transformed(Expand& e, Value* v, const std::string& transform);

struct Labels {
  std::vector<std::int64_t> values;  // strings count as 0, 1, ...
  bool strings = false;
};
// `integers` and `strings` are the attributes that hold them.
[[nodiscard]] Labels labels_of(const Node& n, const char* integers);
// Output 0 as int64 [rows]; fails where somebody reads strings.
bool infer_labels(Infer& i, const Labels& labels, const Dim& rows);
// Output 0: the label of the largest of the `v` [rows, classes], of equals the first.
void give_largest(Expand& e, Value* v, const Labels& labels);
// Output 0 of two classes: the second where `v` [rows, 1] > `threshold`.
void give_above(Expand& e, Value* v, double threshold, const Labels& labels);

}  // namespace inferc::scores
