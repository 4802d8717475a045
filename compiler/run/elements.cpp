#include "compiler/run/elements.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

using Special = FloatFormat::Special;

std::uint64_t low_bits(int count) { return (std::uint64_t{1} << count) - 1; }

template <class T>
double integer(std::uint64_t bits) {
  return static_cast<double>(static_cast<T>(bits));
}

}  // namespace

FloatFormat float_format(DType dtype) {
  switch (dtype) {
    case DType::float64:
      return {11, 52, 1023, true, Special::ieee};
    case DType::float32:
      return {8, 23, 127, true, Special::ieee};
    case DType::float16:
      return {5, 10, 15, true, Special::ieee};
    case DType::bfloat16:
      return {8, 7, 127, true, Special::ieee};
    case DType::float8e4m3fn:
      return {4, 3, 7, true, Special::all_ones};
    case DType::float8e4m3fnuz:
      return {4, 3, 8, true, Special::negative_zero};
    case DType::float8e5m2:
      return {5, 2, 15, true, Special::ieee};
    case DType::float8e5m2fnuz:
      return {5, 2, 16, true, Special::negative_zero};
    case DType::float4e2m1:
      return {2, 1, 1, true, Special::none};
    case DType::float8e8m0:
      return {8, 0, 127, false, Special::all_ones};
    default:
      internal_error("no floating-point format");
  }
}

double decode(const FloatFormat& f, std::uint64_t bits) {
  const int width = f.exponent_bits + f.mantissa_bits;
  const bool negative = f.has_sign && (bits >> width & 1) != 0;
  const std::uint64_t magnitude = bits & low_bits(width), mantissa = bits & low_bits(f.mantissa_bits);
  const auto exponent = static_cast<int>(magnitude >> f.mantissa_bits);
  const bool top = exponent == static_cast<int>(low_bits(f.exponent_bits));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  if (f.special == Special::negative_zero && negative && magnitude == 0) return nan;
  if (f.special == Special::all_ones && magnitude == low_bits(width)) return nan;
  double value = 0;
  if (f.special == Special::ieee && top) value = mantissa ? nan : std::numeric_limits<double>::infinity();
  else if (exponent == 0 && f.mantissa_bits > 0) value = std::ldexp(static_cast<double>(mantissa), 1 - f.bias - f.mantissa_bits);
  else value = std::ldexp(static_cast<double>(mantissa | std::uint64_t{1} << f.mantissa_bits), exponent - f.bias - f.mantissa_bits);
  return negative ? -value : value;
}

std::uint64_t element_bits(const Tensor& tensor, std::size_t index) {
  const std::size_t size = byte_size(tensor.dtype());
  if (size > 8) internal_error("an element of more than 64 bits");
  std::uint64_t bits = 0;
  std::memcpy(&bits, tensor.bytes().data() + index * size, size);
  return bits;
}

double element(const Tensor& tensor, std::size_t index) {
  const std::uint64_t bits = element_bits(tensor, index);
  switch (tensor.dtype()) {
    case DType::boolean:
    case DType::uint8:
    case DType::uint4:
    case DType::uint2:
    case DType::uint16:
    case DType::uint32:
    case DType::uint64:
      return static_cast<double>(bits);
    case DType::int8:
    case DType::int4:
    case DType::int2:
      return integer<std::int8_t>(bits);
    case DType::int16:
      return integer<std::int16_t>(bits);
    case DType::int32:
      return integer<std::int32_t>(bits);
    case DType::int64:
      return integer<std::int64_t>(bits);
    default:
      return decode(float_format(tensor.dtype()), bits);
  }
}

double ulps_between(const FloatFormat& f, std::uint64_t a, std::uint64_t b) {
  const bool nan_a = std::isnan(decode(f, a)), nan_b = std::isnan(decode(f, b));
  if (nan_a || nan_b) return nan_a == nan_b ? 0 : std::numeric_limits<double>::infinity();
  const auto place = [&](std::uint64_t bits) {  // order of the values as an integer
    const int width = f.exponent_bits + f.mantissa_bits;
    const auto magnitude = static_cast<std::int64_t>(bits & low_bits(width));
    return f.has_sign && (bits >> width & 1) ? -magnitude : magnitude;
  };
  const std::int64_t x = place(a), y = place(b);
  return x < y ? static_cast<double>(static_cast<std::uint64_t>(y) - static_cast<std::uint64_t>(x))
               : static_cast<double>(static_cast<std::uint64_t>(x) - static_cast<std::uint64_t>(y));
}

}  // namespace inferc
