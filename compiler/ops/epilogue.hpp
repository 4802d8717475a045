#pragma once
#include "compiler/ops/op.hpp"

namespace inferc {

// How a tensor of `v`'s shape varies over the rows x columns of a product of shape [rows, cols]; nothing when it cannot
// be read that way in place.
[[nodiscard]] std::optional<Accessor> row_col_accessor(const Operand& v, const Dim& rows, const Dim& cols);

// What is applied to a product's accumulator before the store: the region "epilogue" that the node owns, or Gemm's alpha,
// beta and C. Nothing when it has no form as an epilogue.
[[nodiscard]] std::optional<EpilogueArg> epilogue_of(Lower& l, const Dim& rows, const Dim& cols);

}  // namespace inferc
