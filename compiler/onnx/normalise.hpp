#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "compiler/ir/graph.hpp"

namespace inferc::onnx {

// Rewrites a node as written for operator set `opset` to the newest form of its operator: attributes that became
// inputs, changed defaults. Softmax, LogSoftmax and Hardmax before 13 get `flatten = 1`.
void normalise(inferc::Node& node, std::int64_t opset);

// How many inputs an operator of ai.onnx had at most in operator set `opset`, where it has more today.
[[nodiscard]] std::size_t inputs_before(std::string_view op, std::int64_t opset);

}  // namespace inferc::onnx
