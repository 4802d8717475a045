#include "compiler/ops/microsoft.hpp"

namespace inferc {

bool expand_QLinearSigmoid(Expand& e) { return microsoft::expand_unary(e, "Sigmoid"); }

extern const Op op_QLinearSigmoid = {.name = "QLinearSigmoid",
                                     .domain = "com.microsoft",
                                     .inputs = microsoft::unary_ports(),
                                     .infer = microsoft::infer_unary,
                                     .lower = lower_expanded,
                                     .versions = "1"};

}  // namespace inferc
