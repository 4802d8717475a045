#include "tests/support/array.hpp"

#include <algorithm>
#include <random>

#include "compiler/ops/format.hpp"
#include "compiler/ops/halves.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc::test {
namespace {

// f(type_identity<T>) for the C++ type of an element type.
template <class F>
auto by_type(DType t, F f) {
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
    default:
      internal_error("no element type");
  }
}

}  // namespace

std::int64_t elements(const Integers& shape) {
  std::int64_t n = 1;
  for (const std::int64_t d : shape) n *= d;
  return n;
}

Array::Array(DType type, Integers dims) : dtype(type), shape(std::move(dims)), values(static_cast<std::size_t>(elements(shape))) {}

std::size_t Array::offset(const Index& index) const {
  std::int64_t at = 0;
  for (std::size_t d = 0; d < shape.size(); ++d) at = at * shape[d] + index[d];
  return static_cast<std::size_t>(at);
}

void for_each(const Integers& shape, const std::function<void(const Index&)>& f) {
  Index index(shape.size(), 0);
  for (std::int64_t left = elements(shape); left > 0; --left) {
    f(index);
    for (std::size_t d = shape.size(); d-- > 0;) {
      if (++index[d] < shape[d]) break;
      index[d] = 0;
    }
  }
}

Real broadcast_at(const Array& a, const Index& index) {
  Index own(a.shape.size());
  const std::size_t added = index.size() - own.size();
  for (std::size_t d = 0; d < own.size(); ++d) own[d] = a.shape[d] == 1 ? 0 : index[added + d];
  return a.at(own);
}

Integers broadcast_shape(const Integers& a, const Integers& b) {
  Integers out = a.size() >= b.size() ? a : b;
  const Integers& other = a.size() >= b.size() ? b : a;
  for (std::size_t d = 0; d < other.size(); ++d) {
    std::int64_t& n = out[out.size() - other.size() + d];
    if (n == 1) n = other[d];
  }
  return out;
}

namespace {

Tensor halves_of(const Array& a) {
  Tensor t(a.dtype, a.shape);
  const auto convert = a.dtype == DType::float16 ? formats::from_float<formats::float16> : formats::from_float<formats::bfloat16>;
  std::transform(a.values.begin(), a.values.end(), t.as<std::uint16_t>().begin(), [&](Real v) { return convert(static_cast<float>(v)); });
  return t;
}

}  // namespace

Tensor tensor_of(const Array& a) {
  if (types::halves.has(a.dtype)) return halves_of(a);
  Tensor t(a.dtype, a.shape);
  by_type(a.dtype, [&]<class T>(std::type_identity<T>) {
    std::transform(a.values.begin(), a.values.end(), t.as<T>().begin(), [](Real v) { return static_cast<T>(v); });
  });
  return t;
}

Array array_of(const Tensor& t) {
  Array a(t.dtype(), t.shape());
  const Tensor native = halves::to_float32(t);
  by_type(native.dtype(), [&]<class T>(std::type_identity<T>) {
    const std::span<const T> from = native.as<T>();
    std::transform(from.begin(), from.end(), a.values.begin(), [](T v) { return static_cast<Real>(v); });
  });
  return a;
}

bool is_real(DType t) { return t == DType::float32 || t == DType::float64; }
int bits(DType t) { return static_cast<int>(8 * byte_size(t)); }
Real lowest(DType t) {
  return by_type(t, []<class T>(std::type_identity<T>) { return static_cast<Real>(std::numeric_limits<T>::lowest()); });
}
Real highest(DType t) {
  return by_type(t, []<class T>(std::type_identity<T>) { return static_cast<Real>(std::numeric_limits<T>::max()); });
}

Real wrapped(DType t, Wide value) {
  const UnsignedWide modulus = UnsignedWide{1} << bits(t);
  const UnsignedWide low = static_cast<UnsignedWide>(value) % modulus;
  const Real r = static_cast<Real>(static_cast<std::uint64_t>(low));
  return is_signed(t) && low >= modulus / 2 ? r - static_cast<Real>(modulus) : r;
}

Real rounded(DType t, Real value) {
  if (t == DType::float32) return static_cast<Real>(static_cast<float>(value));
  if (t == DType::float64) return static_cast<Real>(static_cast<double>(value));
  return std::trunc(value) + 0;  // no -0
}

Real ulp(DType t, Real value) {
  const int digits = t == DType::float32 ? 24 : 53, least = t == DType::float32 ? -149 : -1074;
  if (value == 0 || !std::isfinite(value)) return std::ldexp(Real{1}, least);
  return std::ldexp(Real{1}, std::max(std::ilogb(value) - digits + 1, least));
}

Array random(DType t, Integers shape, unsigned seed, double low, double high) {
  Array a(t, std::move(shape));
  std::mt19937_64 engine(seed + 1);
  for (Real& v : a.values) {
    const double u = static_cast<double>(engine() >> 11) * 0x1p-53;
    if (t == DType::boolean) v = engine() & 1;
    else if (is_real(t)) v = rounded(t, low + (high - low) * u);
    else v = std::clamp(std::round(static_cast<Real>(low + (high - low) * u)), lowest(t), highest(t));
    if (!is_real(t)) v = v == 0 ? 0 : is_signed(t) ? v : std::fabs(v);
  }
  return a;
}

Array filled(DType t, Integers shape, Real value) {
  Array a(t, std::move(shape));
  std::fill(a.values.begin(), a.values.end(), value);
  return a;
}

}  // namespace inferc::test
