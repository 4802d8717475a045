#pragma once
#include <vector>

#include "compiler/call/builder.hpp"

namespace inferc {

// The bounds on indices that inputs of the model hold, each once: those on operands that are windows of an input, or that
// were moved from one through copies and integer casts. A caller's mistake is found by them before the first call.
[[nodiscard]] std::vector<IndexBound> input_bounds(const Builder& builder);

}  // namespace inferc
