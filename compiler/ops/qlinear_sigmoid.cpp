#include "compiler/ops/microsoft.hpp"

namespace inferc::op_QLinearSigmoid {
namespace {

bool expand(Expand& e) { return microsoft::expand_unary(e, "Sigmoid"); }

}  // namespace

extern const Op op = {.name = "QLinearSigmoid",
                      .domain = "com.microsoft",
                      .inputs = microsoft::unary_ports(),
                      .infer = microsoft::infer_unary,
                      .expand = expand,
                      .versions = "1"};

}  // namespace inferc::op_QLinearSigmoid
