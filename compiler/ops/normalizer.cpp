#include <fmt/format.h>

#include "compiler/ops/scores.hpp"

namespace inferc::op_Normalizer {
namespace {

std::string norm_of(const Node& n) { return n.attr("norm", std::string("MAX")); }

void infer(Infer& i) {
  const std::string norm = norm_of(i.node);
  if (norm != "MAX" && norm != "L1" && norm != "L2") {
    i.fail(fmt::format("norm '{}' is not defined", escape(norm)), "MAX, L1, L2");
    return;
  }
  if (i.rank(0) < 1 || i.rank(0) > 2) {
    i.fail(fmt::format("X is {}, [rows, features] is supported", text(i.type(0))), "put a Reshape before it");
    return;
  }
  i.out(0, DType::float32, i.shape(0));
}

// x / norm of its row; a row whose norm is 0 stays.
bool expand(Expand& e) {
  const std::string norm = norm_of(e.node);
  const std::string reduction = norm == "MAX" ? "ReduceMax" : norm == "L1" ? "ReduceL1" : "ReduceL2";
  Value* x = e.cast(e.in(0), DType::float32);
  Value* size = e(reduction, {x, e.integers({-1})});
  e.give(0, e("Div", {x, e("Where", {e("Equal", {size, e.real(0)}), e.real(1), size})}));
  return true;
}

}  // namespace

extern const Op op = {.name = "Normalizer",
                      .domain = "ai.onnx.ml",
                      .inputs = {{"X", scores::features}},
                      .attributes = {{"norm", AttributeKind::string}},
                      .infer = infer,
                      .expand = expand,
                      .versions = "1"};

}  // namespace inferc::op_Normalizer
