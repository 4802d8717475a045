#include <fmt/format.h>

#include "compiler/ops/legacy_trees.hpp"

namespace inferc::op_TreeEnsembleRegressor {
namespace {

std::int64_t targets_of(const Node& n) { return n.attr_int("n_targets", 1); }

void infer(Infer& i) {
  const std::int64_t targets = targets_of(i.node);
  const auto base = static_cast<std::int64_t>(legacy_trees::reals(i.node, "base_values", "base_values_as_tensor").size());
  if (targets < 1 || (base != 0 && base != targets)) {
    i.fail(fmt::format("{} base_values do not fit {} targets", base, targets));
    return;
  }
  if (legacy_trees::check(i, legacy_trees::regressor, targets)) i.out(0, DType::float32, {i.shape(0)[0], Dim(targets)});
}

bool expand(Expand& e) {
  Value* y = legacy_trees::sums(e, legacy_trees::regressor, targets_of(e.node));
  e.give(0, e.cast(scores::transformed(e, y, scores::transform_of(e.node)), DType::float32));
  return true;
}

}  // namespace

extern const Op op = {.name = "TreeEnsembleRegressor",
                      .domain = "ai.onnx.ml",
                      .inputs = {{"X", scores::features}},
                      .attributes = legacy_trees::attributes({{"aggregate_function", AttributeKind::string},
                                                              {"n_targets", AttributeKind::integer},
                                                              {"target_ids", AttributeKind::integers},
                                                              {"target_nodeids", AttributeKind::integers},
                                                              {"target_treeids", AttributeKind::integers},
                                                              {"target_weights", AttributeKind::reals},
                                                              {"target_weights_as_tensor", AttributeKind::tensor}}),
                      .infer = infer,
                      .expand = expand,
                      .versions = "1, 3"};

}  // namespace inferc::op_TreeEnsembleRegressor
