#pragma once
#include "compiler/ops/op.hpp"

namespace inferc {

// ArgMax and ArgMin.
[[nodiscard]] Op arg_extreme_op(std::string_view name, void (*lower)(Lower&));
void lower_arg_extreme(Lower& l, bool largest);

}  // namespace inferc
