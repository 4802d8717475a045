#pragma once
#include <string>
#include <vector>

#include "compiler/plan/program.hpp"
#include "compiler/run/loaded_model.hpp"

namespace inferc::cli {

// Empty where the code that keeps its state gives, over a few calls and again after a reset, the bits of the code to which its
// caller hands the state on; else what differs.
[[nodiscard]] std::string carry_difference(const LoadedModel& keeps, const LoadedModel& handed, const std::vector<Carry>& carried, const SymbolValues& sizes);

}  // namespace inferc::cli
