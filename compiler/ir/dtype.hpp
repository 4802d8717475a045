#pragma once
#include <cstddef>
#include <optional>
#include <string_view>

namespace inferc {

// ONNX's tensor element types with ONNX's numbers (TensorProto.DataType).
enum class DType : unsigned char {
  undefined = 0,
  float32 = 1,
  uint8 = 2,
  int8 = 3,
  uint16 = 4,
  int16 = 5,
  int32 = 6,
  int64 = 7,
  string = 8,
  boolean = 9,
  float16 = 10,
  float64 = 11,
  uint32 = 12,
  uint64 = 13,
  complex64 = 14,
  complex128 = 15,
  bfloat16 = 16,
  float8e4m3fn = 17,
  float8e4m3fnuz = 18,
  float8e5m2 = 19,
  float8e5m2fnuz = 20,
  uint4 = 21,
  int4 = 22,
  float4e2m1 = 23,
  float8e8m0 = 24,
  uint2 = 25,
  int2 = 26,
};

[[nodiscard]] std::optional<DType> dtype_from_onnx(int number);
[[nodiscard]] std::string_view name(DType);        // ONNX's lower-case name: "float32", "bool", "int64" ...
[[nodiscard]] std::string_view short_name(DType);  // text form: "f32", "i64", "bool" ...
[[nodiscard]] std::optional<DType> dtype_from_short_name(std::string_view);
[[nodiscard]] std::string_view cpp_type(DType);  // element type in generated code: "float", "std::int64_t", "float16" ...
[[nodiscard]] int bit_width(DType);              // in an ONNX file; 0 for string and undefined
[[nodiscard]] std::size_t byte_size(DType);      // of one element in memory: sub-byte types take one byte

[[nodiscard]] bool is_float(DType);    // all floating-point types
[[nodiscard]] bool is_integer(DType);  // signed and unsigned, not bool
[[nodiscard]] bool is_signed(DType);   // signed integers and floats

}  // namespace inferc
