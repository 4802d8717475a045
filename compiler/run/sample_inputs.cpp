#include "compiler/run/sample_inputs.hpp"

#include <algorithm>
#include <bit>
#include <cctype>
#include <cmath>
#include <cstring>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "compiler/run/elements.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

// SplitMix64 (Steele, Lea, Flood 2014).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t bits() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // Sum of 12 uniform numbers less 6: mean 0, variance 1; clipped to [-5, 5].
  double normal() {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += static_cast<double>(bits() >> 11) * 0x1p-53;
    return std::clamp(sum, -5.0, 5.0);
  }

 private:
  std::uint64_t state_;
};

// Pattern of a normal value of float16 for |x| in [2^-14, 5], cut to its precision; smaller ones become 0.
std::uint16_t half_bits(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const std::uint32_t exponent = bits >> 23 & 0xff, sign = bits >> 16 & 0x8000;
  if (exponent < 113) return static_cast<std::uint16_t>(sign);
  return static_cast<std::uint16_t>(sign | (exponent - 112) << 10 | (bits >> 13 & 0x3ff));
}

// A random pattern of a type of at most 8 bits whose value lies in [-5, 5].
std::uint8_t small_float(DType dtype, Random& random) {
  const FloatFormat format = float_format(dtype);
  const int width = format.exponent_bits + format.mantissa_bits + (format.has_sign ? 1 : 0);
  for (;;) {
    const std::uint64_t bits = random.bits() >> (64 - width);
    if (std::fabs(decode(format, bits)) <= 5) return static_cast<std::uint8_t>(bits);
  }
}

std::uint64_t pattern(DType dtype, Random& random, std::uint64_t index_limit) {
  switch (dtype) {
    case DType::float64:
      return std::bit_cast<std::uint64_t>(random.normal());
    case DType::float32:
      return std::bit_cast<std::uint32_t>(static_cast<float>(random.normal()));
    case DType::float16:
      return half_bits(static_cast<float>(random.normal()));
    case DType::bfloat16:
      return std::bit_cast<std::uint32_t>(static_cast<float>(random.normal())) >> 16;
    case DType::boolean:
      return random.bits() >> 63;
    case DType::int8:
    case DType::uint8:
      return random.bits() >> 56;
    case DType::uint4:
    case DType::float4e2m1:
      return random.bits() >> 60;
    case DType::uint2:
      return random.bits() >> 62;
    case DType::int4:
      return static_cast<std::uint64_t>(static_cast<std::int64_t>(random.bits()) >> 60);
    case DType::int2:
      return static_cast<std::uint64_t>(static_cast<std::int64_t>(random.bits()) >> 62);
    default:
      return is_float(dtype) ? small_float(dtype, random) : random.bits() % index_limit;
  }
}

std::uint64_t one(DType dtype) {
  switch (dtype) {
    case DType::float64:
      return std::bit_cast<std::uint64_t>(1.0);
    case DType::float32:
      return std::bit_cast<std::uint32_t>(1.0F);
    case DType::float16:
      return 0x3c00;
    case DType::bfloat16:
      return 0x3f80;
    default:
      return 1;
  }
}

bool is_called(std::string name, std::string_view word) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name.find(word) != std::string::npos;
}

// The axis (px, py, pz, E) of four-momenta.
std::optional<std::size_t> momentum_axis(const NamedType& port) {
  const auto& shape = port.type.shape;
  const auto four = [](const Dim& d) { return d.is(4); };
  if (port.type.dtype != DType::float32 || !is_called(port.name, "vector") || std::count_if(shape.begin(), shape.end(), four) != 1) return std::nullopt;
  return static_cast<std::size_t>(std::find_if(shape.begin(), shape.end(), four) - shape.begin());
}

// E of a particle with the mass of a pion (GeV): a network takes the logarithm of E - pz and of E^2 - p^2.
void make_energies(Tensor& momenta, std::size_t axis) {
  const auto& shape = momenta.shape();
  std::size_t inner = 1;
  for (std::size_t a = axis + 1; a < shape.size(); ++a) inner *= static_cast<std::size_t>(shape[a]);
  const auto v = momenta.as<float>();
  for (std::size_t i = 0; i < v.size(); i += 4 * inner)
    for (std::size_t k = i; k < i + inner; ++k)
      v[k + 3 * inner] = std::sqrt(v[k] * v[k] + v[k + inner] * v[k + inner] + v[k + 2 * inner] * v[k + 2 * inner] + 0.0195F);
}

std::uint64_t index_limit(const SymbolValues& values) {
  std::int64_t limit = 4;
  for (const auto& [name, value] : values)
    if (value > 0) limit = std::min(limit, value);
  return static_cast<std::uint64_t>(limit);
}

Tensor sample(const NamedType& port, const SymbolValues& values, Random& random) {
  Tensor out(port.type.dtype, shape_of(port, values));
  const std::size_t width = byte_size(out.dtype());
  if (width > 8) throw UserError(fmt::format("no sample values for input '{}' of {}", escape(port.name), name(out.dtype())));
  const bool mask = is_called(port.name, "mask");
  const std::uint64_t limit = index_limit(values);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::uint64_t bits = mask ? one(out.dtype()) : pattern(out.dtype(), random, limit);
    std::memcpy(out.bytes().data() + i * width, &bits, width);
  }
  if (const auto axis = momentum_axis(port)) make_energies(out, *axis);
  return out;
}

}  // namespace

std::vector<Tensor> sample_inputs(const Signature& signature, const SymbolValues& values, std::uint64_t seed) {
  std::vector<Tensor> out;
  for (std::size_t i = 0; i < signature.inputs.size(); ++i) {
    Random random(seed * 1000003 + i);  // one input's values do not depend on another's size
    out.push_back(sample(signature.inputs[i], values, random));
  }
  return out;
}

}  // namespace inferc
