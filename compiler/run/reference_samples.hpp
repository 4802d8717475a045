#pragma once
#include <vector>

#include "compiler/emit/emit.hpp"
#include "compiler/ir/graph.hpp"

namespace inferc {

// Seeded inputs for a few sizes of the symbols, with the outputs that the reference kernels give: for N_selftest.cpp.
// Sizes that cost too much or for which the graph has no meaning are left out. Where state is carried, a few calls follow each other.
[[nodiscard]] std::vector<Sample> reference_samples(const Graph& graph, const std::vector<Carry>& carried = {});

}  // namespace inferc
