#pragma once
#include "compiler/ops/op.hpp"

namespace inferc {

// The attribute of a Gemm or MatMul whose constant weights are numbers of bfloat16: they are stored in 16 bits.
inline constexpr std::string_view rounded_weights = "rounded_weights";

// `v` where cpu::gemm can read its rows: contiguous ones, or a matrix whose strides the caller gives; else a copy.
[[nodiscard]] Operand rows_operand(Lower& l, const Operand& v);

// One cpu::gemm: out[rows, n] = epilogue(a[rows, k] * b), the leading dims of `a` and `out` as rows. Input `input` is a constant matrix, b[k, n]
// or its transpose: packed now, and where leaving out its zeros pays for many rows (cpu::sparse::gemm, the same bits) in that form, too.
Call& gemm_call(Lower& l, const Operand& out, const Operand& a, std::size_t input, bool transposed, EpilogueArg epilogue);

// Whether `v` moves by single elements along dim d.
[[nodiscard]] bool contiguous(const Operand& v, std::size_t d);

// An operand of matmul_call: itself where its strides allow it, or a copy.
[[nodiscard]] Operand left_operand(Lower& l, const Operand& x);
[[nodiscard]] Operand right_operand(Lower& l, const Operand& y);

// One cpu::matmul: out[batch..., m, n] = epilogue(x[batch..., m, k] * y[batch..., k, n]). Rows of `out` and of `x` are
// contiguous, of `y` its rows or its columns (left_operand, right_operand).
Call& matmul_call(Lower& l, const Operand& out, const Operand& x, const Operand& y, EpilogueArg epilogue);

}  // namespace inferc
