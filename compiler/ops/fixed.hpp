#pragma once
#include "compiler/ops/op.hpp"
#include "kernels/fixed.hpp"

// What the operators on integers that stand for multiples of powers of two have in common: the steps that a result goes through
// before it is stored, as operands of the node. "table": int64[rows, columns], "steps": int64[count, fixed::step_numbers]; attributes
// "dtype", the element type of the result; "fraction", for float32 the f of integer * 2^-f; "wide", 1: sums take 64 bits.
namespace inferc::fixed {

inline constexpr TypeSet stored_types{DType::int8, DType::uint8, DType::int16, DType::uint16, DType::int32};
inline constexpr TypeSet weight_types{DType::int32};
using StoredTypes = Types<std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t>;
using ResultTypes = Types<std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t, float>;

[[nodiscard]] std::vector<AttributeSpec> attributes(std::vector<AttributeSpec> own = {});
[[nodiscard]] DType result_type(const Node& n);
[[nodiscard]] bool is_wide(const Node& n);
// Checks the steps at inputs `table` and `table` + 1 against `columns` of a result.
bool check_steps(Infer& i, std::size_t table, const Dim& columns);

// --- arguments of reference kernels: table, steps, count; and the unit of a float result
void append_steps(Lower& l, std::vector<Arg>& args, std::size_t table);
[[nodiscard]] Dim table_columns(const Lower& l, std::size_t table);
[[nodiscard]] Arg unit(const Node& n);

// --- fast kernels of kernels/cpu/quantized: "Steps<...>", and "To<...>" or what else becomes of a result
struct Finish {
  std::string steps, result;
};
[[nodiscard]] Finish finish(const Node& n, const Tensor& steps);
// The table with its rows padded to 16 columns, `offset` (if any) added to row 0, in the type of sums.
[[nodiscard]] Operand packed_table(Lower& l, std::size_t table, bool wide, const std::vector<std::int64_t>& offset = {});

}  // namespace inferc::fixed
