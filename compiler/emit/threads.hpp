#pragma once
#include <cstdint>
#include <optional>

#include "compiler/plan/program.hpp"

namespace inferc {

// How many units of its first argument's range a worker should at least have for a call to be shared; none: the caller makes it alone,
// since units share scratch or it is too small at the upper bounds of the sizes.
[[nodiscard]] std::optional<std::int64_t> shared_grain(const Program& program, const Call& call);

}  // namespace inferc
