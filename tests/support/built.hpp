#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "compiler/plan/program.hpp"
#include "compiler/run/build.hpp"

namespace inferc::test {

// The code of a program in a new folder of the test's name.
std::filesystem::path emitted(Program program, const std::string& test, const std::vector<std::string>& paths = {"base", "v3", "v4"});

// What emitted() writes, built quickly.
BuiltModel built(Program program, const std::string& test, const std::vector<std::string>& paths = {"base", "v3", "v4"});

}  // namespace inferc::test
