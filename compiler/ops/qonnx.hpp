#pragma once
#include "compiler/ops/expansion.hpp"

// Operators of QONNX (qonnx.custom_op.general; at import the domains onnx.brevitas and finn.custom_op.general become that) as
// nodes of ONNX, in the order of operations that their definition has.
namespace inferc::qonnx {

inline constexpr std::string_view domain = "qonnx.custom_op.general";

// Attribute rounding_mode: ROUND, HALF_EVEN, CEIL, FLOOR, UP, DOWN, HALF_UP, HALF_DOWN, in any case.
[[nodiscard]] std::string rounding_mode(const Node& n, const char* otherwise);
void infer_rounding(Infer& i, const char* otherwise);
[[nodiscard]] Value* rounded(Expand& e, Value* v, const std::string& mode);

// Input k is one known whole number from 1 to 32; fails otherwise.
void infer_bits(Infer& i, std::size_t k, std::string_view what);
[[nodiscard]] int bits(const Value* v);

// The integers of `bits` bits; narrow leaves out the lowest where signed, else the highest.
struct Range {
  double low, high;
};
[[nodiscard]] Range range(const Node& n, int bits, std::int64_t narrow);
[[nodiscard]] Value* clipped(Expand& e, Value* v, const Range& r);

// v / scale + zero, and (v - zero) * scale.
[[nodiscard]] Value* scaled(Expand& e, Value* v, Value* scale, Value* zero);
[[nodiscard]] Value* rescaled(Expand& e, Value* v, Value* scale, Value* zero);

}  // namespace inferc::qonnx
