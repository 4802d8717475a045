#pragma once
#include <utility>
#include <vector>

#include "compiler/call/builder.hpp"
#include "compiler/plan/program.hpp"

namespace inferc {

// Parts of a builder's bounds and moves, as [begin, end), that belong to control flow.
struct Unsure {
  std::vector<std::pair<std::size_t, std::size_t>> bounds, moves;
};

// The bounds on indices that inputs of the model hold, each once: those on operands that are windows of an input, or that
// were moved from one through copies and integer casts. A caller's mistake is found by them before the first call. `given`: strides
// that the caller gives.
[[nodiscard]] std::vector<IndexBound> input_bounds(const Builder& builder, const Symbols& symbols, const Unsure& unsure = {},
                                                   const std::vector<StridePort>& given = {});

}  // namespace inferc
