#include "compiler/ops/microsoft.hpp"

namespace inferc::op_QLinearLeakyRelu {
namespace {

bool expand(Expand& e) { return microsoft::expand_unary(e, "LeakyRelu", {{"alpha", e.node.attr("alpha", 0.01f)}}); }

}  // namespace

extern const Op op = {.name = "QLinearLeakyRelu",
                      .domain = "com.microsoft",
                      .inputs = microsoft::unary_ports(),
                      .attributes = {{"alpha", AttributeKind::real}},
                      .infer = microsoft::infer_unary,
                      .expand = expand,
                      .versions = "1"};

}  // namespace inferc::op_QLinearLeakyRelu
