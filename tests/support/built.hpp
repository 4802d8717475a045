#pragma once
#include <string>
#include <vector>

#include "compiler/plan/program.hpp"
#include "compiler/run/build.hpp"

namespace inferc::test {

// Flags for tests of values and of accesses, behind others: nothing optimised, nothing inlined by force. Sanitized code is compiled
// six times as fast so. tests/support/quick-cxx does the same for tests that call `inferc`.
inline constexpr const char* quick = " -O0 -Dalways_inline=unused ";

// The code paths that this CPU runs.
std::vector<std::string> paths_here();

// The code of a program in a new folder of the test's name, built quickly.
BuiltModel built(Program program, const std::string& test, const std::vector<std::string>& paths = paths_here());

}  // namespace inferc::test
