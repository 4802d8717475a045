#include "compiler/ops/microsoft.hpp"

namespace inferc {

bool expand_QLinearAdd(Expand& e) { return microsoft::expand_binary(e, "Add"); }

extern const Op op_QLinearAdd = {.name = "QLinearAdd",
                                 .domain = "com.microsoft",
                                 .inputs = microsoft::binary_ports(),
                                 .infer = microsoft::infer_binary,
                                 .lower = lower_expanded,
                                 .versions = "1"};

}  // namespace inferc
