#pragma once
#include "compiler/ops/op.hpp"

namespace inferc {

// Weights b[k, n] (a constant of rank 2, or its transpose) in panels of 16 columns, packed now.
[[nodiscard]] Operand packed_weight(Lower& l, std::size_t input, bool transposed);

// One cpu::gemm: out[rows, n] = epilogue(a[rows, k] * packed), the leading dims of `a` and `out` as rows.
Call& gemm_call(Lower& l, const Operand& out, const Operand& a, const Operand& packed, EpilogueArg epilogue);

}  // namespace inferc
