#pragma once
#include "compiler/ops/op.hpp"

// What the normalisations share: mean and deviation over some dims, then ((x - mean) * inv) * scale + bias.
namespace inferc::normalization {

// Fails unless `v` broadcasts to `shape` without widening it.
bool check_broadcast(Infer& i, std::string_view port, const Shape& v, const Shape& shape);
bool check_stash_type(Infer& i);  // attribute stash_type: statistics in float32 or float64

// The shape with 1 for each dim that the statistics run over: all from `first` on.
[[nodiscard]] Shape statistics_shape(const Shape& shape, std::size_t first);
// A single value as a view of the given shape.
[[nodiscard]] Operand filled(Lower& l, DType dtype, double value, const Shape& shape);
// A vector along dim `axis` as a view of the given shape.
[[nodiscard]] Operand along(const Operand& vector, std::size_t axis, const Shape& shape);

struct Moments {
  Operand mean, inv;
};
[[nodiscard]] Moments moments(Lower& l, const Operand& x, const Shape& statistics, double epsilon);
// All but `x` and `out` are broadcast to the shape of x here.
Call& normalize(Lower& l, const Operand& out, const Operand& x, const Moments& m, const Operand& scale, const Operand& bias);

// A fast kernel of kernels/cpu/norm.hpp over rows of the dims from `first` on; operands: scale, or scale and bias.
Call& rows(Lower& l, const std::string& kernel, std::size_t first, std::vector<Accessor> operands);
// cpu::group_norm over [items, groups, channels / groups, ...]; false for other types than float32.
bool groups(Lower& l, const Dim& groups);

}  // namespace inferc::normalization
