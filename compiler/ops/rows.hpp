#pragma once
#include <string>

#include "compiler/ops/op.hpp"

// Fast kernels over rows: the dims from `first` on are one row, those before count the rows.
namespace inferc::rows {

struct Rows {
  Dim count, length;
  Operand in, out;
  Dim in_stride, out_stride;
};
// Input 0 and output 0, copied where their strides do not allow it.
[[nodiscard]] Rows of(Lower& l, std::size_t first);

// kernel(rows, out, out stride, in, in stride, length, extra...).
Call& call(Lower& l, const std::string& kernel, const std::string& header, const Rows& r, std::vector<Arg> extra);

// Short lengths are constants of the kernel; long ones share one instantiation.
[[nodiscard]] Arg length(const Dim& d);

// `v` as an operand of an epilogue that varies along the row only, or not at all; nothing for other shapes.
[[nodiscard]] std::optional<Accessor> along_row(Lower& l, std::size_t input, const Dim& length);

}  // namespace inferc::rows
