#include "compiler/ops/microsoft.hpp"

namespace inferc {

bool expand_QLinearAveragePool(Expand& e) {
  return microsoft::expand_unary(e, "AveragePool", microsoft::kept(e.node, {"auto_pad", "ceil_mode", "count_include_pad", "kernel_shape", "pads", "strides"}));
}

extern const Op op_QLinearAveragePool = {.name = "QLinearAveragePool",
                                         .domain = "com.microsoft",
                                         .inputs = microsoft::unary_ports(),
                                         .attributes = {{"auto_pad", AttributeKind::string},
                                                        {"ceil_mode", AttributeKind::integer},
                                                        {"channels_last", AttributeKind::integer},
                                                        {"count_include_pad", AttributeKind::integer},
                                                        {"kernel_shape", AttributeKind::integers},
                                                        {"pads", AttributeKind::integers},
                                                        {"strides", AttributeKind::integers}},
                                         .infer = microsoft::infer_pool,
                                         .lower = lower_expanded,
                                         .versions = "1"};

}  // namespace inferc
