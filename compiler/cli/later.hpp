#pragma once
#include "compiler/cli/command.hpp"

namespace inferc::cli {

// The options whose names are fixed (INTERFACE section 4) and whose meaning comes later: refused as "not yet", exit
// code 2. Those that the command has already are left alone.
void add_later_options(CLI::App& command);

}  // namespace inferc::cli
