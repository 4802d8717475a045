#pragma once
#include <cstdint>

#include "compiler/ir/graph.hpp"

namespace inferc::onnx {

// Rewrites a node as written for operator set `opset` to the newest form of its operator: attributes that became
// inputs, changed defaults. Softmax, LogSoftmax and Hardmax before 13 get `flatten = 1`.
void normalise(inferc::Node& node, std::int64_t opset);

}  // namespace inferc::onnx
