#include "compiler/ops/microsoft.hpp"

namespace inferc {

bool expand_QLinearGlobalAveragePool(Expand& e) { return microsoft::expand_unary(e, "GlobalAveragePool"); }

extern const Op op_QLinearGlobalAveragePool = {.name = "QLinearGlobalAveragePool",
                                               .domain = "com.microsoft",
                                               .inputs = microsoft::unary_ports(),
                                               .attributes = {{"channels_last", AttributeKind::integer}},
                                               .infer = microsoft::infer_pool,
                                               .lower = lower_expanded,
                                               .versions = "1"};

}  // namespace inferc
