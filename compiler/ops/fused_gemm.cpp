#include "compiler/ops/microsoft.hpp"

namespace inferc::op_FusedGemm {
namespace {

bool expand(Expand& e) {
  std::vector<float> parameters;
  for (const char* key : {"activation_alpha", "activation_beta", "activation_gamma"})
    if (e.node.attributes.contains(key)) parameters.push_back(e.node.attr(key, 0.0f));
  Value* y = e("Gemm", e.node.inputs, microsoft::kept(e.node, {"alpha", "beta", "transA", "transB"}));
  e.give(0, microsoft::activated(e, y, parameters));
  return true;
}

}  // namespace

extern const Op op = {.name = "FusedGemm",
                      .domain = "com.microsoft",
                      .inputs = {{"A", types::floats}, {"B", types::floats}, {"C", types::floats, Port::Arity::optional}},
                      .attributes = {{"activation", AttributeKind::string},
                                     {"activation_alpha", AttributeKind::real},
                                     {"activation_beta", AttributeKind::real},
                                     {"activation_gamma", AttributeKind::real},
                                     {"alpha", AttributeKind::real},
                                     {"beta", AttributeKind::real},
                                     {"transA", AttributeKind::integer},
                                     {"transB", AttributeKind::integer}},
                      .infer = microsoft::infer_activation,
                      .expand = expand,
                      .versions = "1"};

}  // namespace inferc::op_FusedGemm
