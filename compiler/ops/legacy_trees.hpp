#pragma once
#include "compiler/ops/scores.hpp"

// TreeEnsembleRegressor and TreeEnsembleClassifier, which name nodes by (tree, node), as TreeEnsemble.
namespace inferc::legacy_trees {

// What both have besides their targets or classes.
[[nodiscard]] std::vector<AttributeSpec> attributes(std::vector<AttributeSpec> own);

// Attributes whose names begin with `kind`, "target" or "class", hold the leaves.
struct Kind {
  const char *trees, *nodes, *ids, *weights, *weights_tensor;
};
inline constexpr Kind regressor{"target_treeids", "target_nodeids", "target_ids", "target_weights", "target_weights_as_tensor"};
inline constexpr Kind classifier{"class_treeids", "class_nodeids", "class_ids", "class_weights", "class_weights_as_tensor"};

struct Ensemble {
  Attributes attributes;  // of TreeEnsemble
  std::string fault;      // why they are no trees
};
// `targets` columns; with one, every leaf counts for it.
[[nodiscard]] Ensemble convert(const Node& n, const Kind& kind, std::int64_t targets);

// The list of floats `key`, or the tensor `tensor_key` in its place.
[[nodiscard]] std::vector<double> reals(const Node& n, const char* key, const char* tensor_key);
// The sums over the trees, [rows, targets], with base_values added: of X's type if that is float64, else float32.
Value* sums(Expand& e, const Kind& kind, std::int64_t targets);
bool check(Infer& i, const Kind& kind, std::int64_t targets);

}  // namespace inferc::legacy_trees
