#pragma once
#include "compiler/ir/graph.hpp"

namespace inferc {

// A declared shape is also that of the value from which elementwise operators (with scalars, and of that value alone) made the
// declared one, where it declares none.
void spread_declared_shapes(Graph& graph);

}  // namespace inferc
