#pragma once
#include <vector>

#include "compiler/emit/emit.hpp"
#include "compiler/ir/graph.hpp"

namespace inferc {

// Seeded inputs for a few sizes of the symbols, with the outputs that the reference kernels give: for N_selftest.cpp.
// Sizes that cost too much or for which the graph has no meaning are left out.
[[nodiscard]] std::vector<Sample> reference_samples(const Graph& graph);

}  // namespace inferc
