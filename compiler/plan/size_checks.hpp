#pragma once
#include <vector>

#include "compiler/call/call.hpp"
#include "compiler/ir/symbols.hpp"

namespace inferc {

// A call of this kernel, which is no function, stops the run with dim_mismatch unless its two sizes are equal, or its one
// size is natural.
inline constexpr std::string_view require_kernel = "require";

// Puts what must hold of sizes with measured symbols behind the calls that set the last of these: the equalities that the
// graph forces, and sizes of operands and `shapes` that some values would make negative.
void add_size_checks(std::vector<Call>& calls, const Symbols& symbols, const std::vector<Shape>& shapes);

}  // namespace inferc
