#include "compiler/ops/microsoft.hpp"

namespace inferc {

bool expand_QLinearMul(Expand& e) { return microsoft::expand_binary(e, "Mul"); }

extern const Op op_QLinearMul = {.name = "QLinearMul",
                                 .domain = "com.microsoft",
                                 .inputs = microsoft::binary_ports(),
                                 .infer = microsoft::infer_binary,
                                 .lower = lower_expanded,
                                 .versions = "1"};

}  // namespace inferc
