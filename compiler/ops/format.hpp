#pragma once
#include <string>
#include <type_traits>

#include "compiler/ops/op.hpp"
#include "kernels/convert.hpp"

// Element types by their formats: C++ types, or those of formats:: that C++ lacks.
namespace inferc {

namespace types {
inline constexpr TypeSet halves{DType::float16, DType::bfloat16};
inline constexpr TypeSet eight_bit_floats{DType::float8e4m3fn, DType::float8e4m3fnuz, DType::float8e5m2, DType::float8e5m2fnuz};
inline constexpr TypeSet small_integers{DType::int4, DType::uint4, DType::int2, DType::uint2};
inline constexpr TypeSet any = all | halves | eight_bit_floats | small_integers | TypeSet{DType::float4e2m1, DType::float8e8m0};
}  // namespace types

[[nodiscard]] inline bool is_native(DType t) { return types::all.has(t) && !types::halves.has(t); }

// In generated code: "float", "formats::float16".
[[nodiscard]] inline std::string format(DType t) { return (is_native(t) ? "" : "formats::") + std::string(is_native(t) ? cpp_type(t) : name(t)); }

// f(std::type_identity<F>{}) for the element type `t`, a C++ type or one of formats::.
template <class F>
auto by_format(DType t, F f) {
  switch (t) {
    case DType::float32:
      return f(std::type_identity<float>{});
    case DType::float64:
      return f(std::type_identity<double>{});
    case DType::int8:
      return f(std::type_identity<std::int8_t>{});
    case DType::int16:
      return f(std::type_identity<std::int16_t>{});
    case DType::int32:
      return f(std::type_identity<std::int32_t>{});
    case DType::int64:
      return f(std::type_identity<std::int64_t>{});
    case DType::uint8:
      return f(std::type_identity<std::uint8_t>{});
    case DType::uint16:
      return f(std::type_identity<std::uint16_t>{});
    case DType::uint32:
      return f(std::type_identity<std::uint32_t>{});
    case DType::uint64:
      return f(std::type_identity<std::uint64_t>{});
    case DType::boolean:
      return f(std::type_identity<bool>{});
    case DType::float16:
      return f(std::type_identity<formats::float16>{});
    case DType::bfloat16:
      return f(std::type_identity<formats::bfloat16>{});
    case DType::float8e4m3fn:
      return f(std::type_identity<formats::float8e4m3fn>{});
    case DType::float8e4m3fnuz:
      return f(std::type_identity<formats::float8e4m3fnuz>{});
    case DType::float8e5m2:
      return f(std::type_identity<formats::float8e5m2>{});
    case DType::float8e5m2fnuz:
      return f(std::type_identity<formats::float8e5m2fnuz>{});
    case DType::float8e8m0:
      return f(std::type_identity<formats::float8e8m0>{});
    case DType::float4e2m1:
      return f(std::type_identity<formats::float4e2m1>{});
    case DType::int4:
      return f(std::type_identity<formats::int4>{});
    case DType::uint4:
      return f(std::type_identity<formats::uint4>{});
    case DType::int2:
      return f(std::type_identity<formats::int2>{});
    case DType::uint2:
      return f(std::type_identity<formats::uint2>{});
    default:
      internal_error("no conversion of element type " + std::string(name(t)));
  }
}

}  // namespace inferc
