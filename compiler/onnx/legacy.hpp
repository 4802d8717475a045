#pragma once
#include <cstdint>

#include "compiler/ir/graph.hpp"

namespace inferc::onnx {

// Rewrites a node as written for an operator set before 7 to the form of operator set 7: broadcasting by attribute,
// operands that were attributes, `is_test`, `consumed_inputs`. Forms without a newer one keep their attributes, which
// are refused later.
void modernise(inferc::Node& node, std::int64_t opset);

}  // namespace inferc::onnx
