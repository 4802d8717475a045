#pragma once
#include <string>

#include "compiler/plan/program.hpp"

namespace inferc {

// The fastest code path that this CPU runs, no newer than INFERC_ISA says: what Model::load would choose of the program's.
[[nodiscard]] std::string native_code_path(const Program& program);

}  // namespace inferc
