#include "compiler/ir/dtype.hpp"

#include <array>

namespace inferc {
namespace {

enum class Kind : unsigned char { other, floating, sign, unsign };

struct Row {
  std::string_view name, short_name, cpp;
  int bits;
  std::size_t bytes;
  Kind kind;
};

constexpr std::array<Row, 27> table{{
    {"undefined", "undef", "void", 0, 0, Kind::other},
    {"float32", "f32", "float", 32, 4, Kind::floating},
    {"uint8", "u8", "std::uint8_t", 8, 1, Kind::unsign},
    {"int8", "i8", "std::int8_t", 8, 1, Kind::sign},
    {"uint16", "u16", "std::uint16_t", 16, 2, Kind::unsign},
    {"int16", "i16", "std::int16_t", 16, 2, Kind::sign},
    {"int32", "i32", "std::int32_t", 32, 4, Kind::sign},
    {"int64", "i64", "std::int64_t", 64, 8, Kind::sign},
    {"string", "str", "void", 0, 0, Kind::other},
    {"bool", "bool", "bool", 8, 1, Kind::other},
    {"float16", "f16", "float16", 16, 2, Kind::floating},
    {"float64", "f64", "double", 64, 8, Kind::floating},
    {"uint32", "u32", "std::uint32_t", 32, 4, Kind::unsign},
    {"uint64", "u64", "std::uint64_t", 64, 8, Kind::unsign},
    {"complex64", "c64", "void", 64, 8, Kind::other},
    {"complex128", "c128", "void", 128, 16, Kind::other},
    {"bfloat16", "bf16", "bfloat16", 16, 2, Kind::floating},
    {"float8e4m3fn", "f8e4m3fn", "float8e4m3fn", 8, 1, Kind::floating},
    {"float8e4m3fnuz", "f8e4m3fnuz", "float8e4m3fnuz", 8, 1, Kind::floating},
    {"float8e5m2", "f8e5m2", "float8e5m2", 8, 1, Kind::floating},
    {"float8e5m2fnuz", "f8e5m2fnuz", "float8e5m2fnuz", 8, 1, Kind::floating},
    {"uint4", "u4", "std::uint8_t", 4, 1, Kind::unsign},
    {"int4", "i4", "std::int8_t", 4, 1, Kind::sign},
    {"float4e2m1", "f4e2m1", "float4e2m1", 4, 1, Kind::floating},
    {"float8e8m0", "f8e8m0", "float8e8m0", 8, 1, Kind::floating},
    {"uint2", "u2", "std::uint8_t", 2, 1, Kind::unsign},
    {"int2", "i2", "std::int8_t", 2, 1, Kind::sign},
}};

const Row& row(DType t) { return table[static_cast<std::size_t>(t)]; }

}  // namespace

std::optional<DType> dtype_from_onnx(int number) {
  if (number <= 0 || number >= static_cast<int>(table.size())) return std::nullopt;
  return static_cast<DType>(number);
}
std::string_view name(DType t) { return row(t).name; }
std::string_view short_name(DType t) { return row(t).short_name; }
std::string_view cpp_type(DType t) { return row(t).cpp; }
int bit_width(DType t) { return row(t).bits; }
std::size_t byte_size(DType t) { return row(t).bytes; }

std::optional<DType> dtype_from_short_name(std::string_view name) {
  for (std::size_t i = 1; i < table.size(); ++i)
    if (table[i].short_name == name) return static_cast<DType>(i);
  return std::nullopt;
}

bool is_float(DType t) { return row(t).kind == Kind::floating; }
bool is_integer(DType t) { return row(t).kind == Kind::sign || row(t).kind == Kind::unsign; }
bool is_signed(DType t) { return row(t).kind == Kind::sign || row(t).kind == Kind::floating; }

}  // namespace inferc
