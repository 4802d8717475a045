#include <fmt/format.h>

#include "compiler/ops/scores.hpp"

namespace inferc::op_LinearRegressor {
namespace {

using Reals = std::vector<float>;

void infer(Infer& i) {
  const std::int64_t targets = i.node.attr_int("targets", 1);
  const auto coefficients = static_cast<std::int64_t>(i.node.attr("coefficients", Reals()).size());
  const auto intercepts = static_cast<std::int64_t>(i.node.attr("intercepts", Reals()).size());
  if (targets < 1 || coefficients % targets != 0 || (intercepts != 0 && intercepts != targets)) {
    i.fail(fmt::format("{} coefficients and {} intercepts do not fit {} targets", coefficients, intercepts, targets));
    return;
  }
  if (!scores::check_transform(i)) return;
  if (const auto rows = scores::rows(i, coefficients / targets)) i.out(0, DType::float32, {*rows, Dim(targets)});
}

bool expand(Expand& e) {
  const std::int64_t targets = e.node.attr_int("targets", 1);
  const Reals intercepts = e.node.attr("intercepts", Reals());
  const auto features = static_cast<std::int64_t>(e.node.attr("coefficients", Reals()).size()) / targets;
  std::vector<Value*> operands{scores::matrix(e), scores::table(e, "coefficients", features)};
  if (!intercepts.empty()) operands.push_back(e.reals(intercepts, {targets}));
  e.give(0, scores::transformed(e, e("Gemm", operands, {{"transB", std::int64_t{1}}}), scores::transform_of(e.node)));
  return true;
}

}  // namespace

extern const Op op = {.name = "LinearRegressor",
                      .domain = "ai.onnx.ml",
                      .inputs = {{"X", scores::features}},
                      .attributes = {{"coefficients", AttributeKind::reals},
                                     {"intercepts", AttributeKind::reals},
                                     {"post_transform", AttributeKind::string},
                                     {"targets", AttributeKind::integer}},
                      .infer = infer,
                      .expand = expand,
                      .versions = "1"};

}  // namespace inferc::op_LinearRegressor
