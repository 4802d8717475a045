#include <fmt/format.h>

#include "compiler/ops/support_vectors.hpp"

namespace inferc::op_SVMRegressor {
namespace {

using Reals = std::vector<float>;

std::int64_t vectors_of(const Node& n) { return n.attr_int("n_supports", 0); }
std::int64_t size_of(const Node& n, const char* key) { return static_cast<std::int64_t>(n.attr(key, Reals()).size()); }

void infer(Infer& i) {
  const std::int64_t count = vectors_of(i.node), coefficients = size_of(i.node, "coefficients");
  const std::int64_t features = count > 0 ? support_vectors::features(i.node, count) : coefficients;
  if ((count > 0 && coefficients != count) || features < 1 || size_of(i.node, "rho") < 1) {
    i.fail(fmt::format("{} coefficients, {} elements of vectors and {} of rho do not fit {} support vectors", coefficients, size_of(i.node, "support_vectors"),
                       size_of(i.node, "rho"), count));
    return;
  }
  if (scores::transform_of(i.node) != "NONE") {
    i.fail("a post_transform of a regression by support vectors is not supported", "put the operator behind it");
    return;
  }
  if (!support_vectors::check_kernel(i)) return;
  if (const auto rows = scores::rows(i, features)) i.out(0, DType::float32, {*rows, Dim(1)});
}

bool expand(Expand& e) {
  const std::int64_t count = vectors_of(e.node);
  Value* x = scores::matrix(e);
  if (count > 0) x = support_vectors::kernel(e, x, count);
  Value* rho = e.reals({e.node.attr("rho", Reals()).front()}, {1});
  Value* y = e("Gemm", {x, scores::table(e, "coefficients", size_of(e.node, "coefficients")), rho}, {{"transB", std::int64_t{1}}});
  if (e.node.attr_int("one_class", 0) != 0) y = e("Where", {e("Greater", {y, e.real(0)}), e.real(1), e.real(-1)});
  e.give(0, y);
  return true;
}

}  // namespace

extern const Op op = {.name = "SVMRegressor",
                      .domain = "ai.onnx.ml",
                      .inputs = {{"X", scores::features}},
                      .attributes = {{"coefficients", AttributeKind::reals},
                                     {"kernel_params", AttributeKind::reals},
                                     {"kernel_type", AttributeKind::string},
                                     {"n_supports", AttributeKind::integer},
                                     {"one_class", AttributeKind::integer},
                                     {"post_transform", AttributeKind::string},
                                     {"rho", AttributeKind::reals},
                                     {"support_vectors", AttributeKind::reals}},
                      .infer = infer,
                      .expand = expand,
                      .versions = "1"};

}  // namespace inferc::op_SVMRegressor
