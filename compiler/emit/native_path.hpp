#pragma once
#include <string>

namespace inferc {

// The fastest code path that this CPU runs, no newer than INFERC_ISA says: what Model::load would choose of all.
[[nodiscard]] std::string native_code_path();

}  // namespace inferc
