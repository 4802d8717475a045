#include "compiler/ops/support_vectors.hpp"

#include <fmt/format.h>

namespace inferc::support_vectors {
namespace {

using Reals = std::vector<float>;

std::string type_of(const Node& n) { return n.attr("kernel_type", std::string("LINEAR")); }

float parameter(const Node& n, std::size_t k) {
  const Reals all = n.attr("kernel_params", Reals());
  return k < all.size() ? all[k] : 0.0f;
}

}  // namespace

std::int64_t features(const Node& n, std::int64_t count) {
  const auto size = static_cast<std::int64_t>(n.attr("support_vectors", Reals()).size());
  return count > 0 && size % count == 0 ? size / count : 0;
}

bool check_kernel(Infer& i) {
  const std::string type = type_of(i.node);
  if (type != "LINEAR" && type != "POLY" && type != "RBF" && type != "SIGMOID")
    return i.fail(fmt::format("kernel_type '{}' is not defined", escape(type)), "LINEAR, POLY, RBF, SIGMOID");
  if (type != "LINEAR" && i.node.attr("kernel_params", Reals()).size() != 3) return i.fail("kernel_params must be gamma, coef0 and degree");
  return true;
}

Value* kernel(Expand& e, Value* x, std::int64_t count) {
  const std::string type = type_of(e.node);
  const std::int64_t width = features(e.node, count);
  const float gamma = parameter(e.node, 0);
  Value* vectors = scores::table(e, "support_vectors", width);
  if (type == "RBF") {  // the differences themselves: |x|^2 + |v|^2 - 2 x v would cancel
    Value* apart = e("Sub", {e("Unsqueeze", {x, e.integers({1})}), vectors});
    Value* square = e("ReduceSumSquare", {apart, e.integers({-1})}, {{"keepdims", std::int64_t{0}}});
    return e("Exp", {e("Mul", {square, e.real(-static_cast<double>(gamma))})});
  }
  if (type == "LINEAR") return e("Gemm", {x, vectors}, {{"transB", std::int64_t{1}}});
  Value* offset = e.reals({parameter(e.node, 1)}, {1});
  Value* dot = e("Gemm", {x, vectors, offset}, {{"transB", std::int64_t{1}}, {"alpha", gamma}});
  return type == "POLY" ? e("Pow", {dot, e.real(static_cast<double>(parameter(e.node, 2)))}) : e("Tanh", {dot});
}

}  // namespace inferc::support_vectors
