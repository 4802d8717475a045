#pragma once
#include "compiler/ops/op.hpp"

namespace inferc {

// [batch, seq, heads * size] as [batch, heads, seq, size]; operands of rank 4 stand so already.
[[nodiscard]] std::optional<Shape> heads_shape(Infer& i, std::size_t input, std::string_view attribute);
[[nodiscard]] Operand heads_view(Lower& l, const Operand& v, std::int64_t heads);

}  // namespace inferc
