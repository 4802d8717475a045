#pragma once
#include <functional>
#include <vector>

#include "compiler/ir/graph.hpp"

namespace inferc {

[[nodiscard]] bool is_control(const Node& node);  // If, Loop, Scan

// Runs a region on the values of its inputs.
using RunRegion = std::function<std::vector<Tensor>(const Region&, std::vector<Tensor> inputs)>;

// The results of an If, Loop or Scan on the host. `symbols` gets the iteration that a region runs in; sizes of what was
// collected from no iteration are evaluated with it.
[[nodiscard]] std::vector<Tensor> evaluate_control(const Node& node, const std::vector<const Tensor*>& inputs, SymbolValues& symbols, const RunRegion& run);

}  // namespace inferc
