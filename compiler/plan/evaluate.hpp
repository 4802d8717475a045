#pragma once
#include <span>
#include <vector>

#include "compiler/plan/program.hpp"

namespace inferc {

// Runs a program of reference kernels (plan(graph, false)) in the compiler. Throws UserError for a fault, InternalError
// where a call has no reference kernel.
[[nodiscard]] std::vector<Tensor> evaluate(const Program& program, std::span<const Tensor> inputs, const SymbolValues& symbols);

// Operations of all calls for these sizes; what evaluate() costs.
[[nodiscard]] std::int64_t cost(const Program& program, const SymbolValues& symbols);

}  // namespace inferc
