#pragma once
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "compiler/ir/tensor.hpp"

// Tensors of any element type as extended reals: 64 bits of significand hold every element exactly. Definitions of
// operators are written on them as plain loops.
namespace inferc::test {

using Real = long double;
__extension__ typedef __int128 Wide;
__extension__ typedef unsigned __int128 UnsignedWide;
using Index = std::vector<std::int64_t>;
using Integers = std::vector<std::int64_t>;

inline constexpr Real infinity = std::numeric_limits<Real>::infinity();
inline constexpr Real not_a_number = std::numeric_limits<Real>::quiet_NaN();

struct Array {
  DType dtype = DType::undefined;
  Integers shape;
  std::vector<Real> values;

  Array() = default;
  Array(DType type, Integers dims);  // zeros
  Array(DType type, Integers dims, std::vector<Real> elements) : dtype(type), shape(std::move(dims)), values(std::move(elements)) {}
  [[nodiscard]] std::size_t offset(const Index& index) const;  // row-major
  [[nodiscard]] Real at(const Index& index) const { return values[offset(index)]; }
  [[nodiscard]] Real& at(const Index& index) { return values[offset(index)]; }
  [[nodiscard]] std::int64_t rank() const { return static_cast<std::int64_t>(shape.size()); }
};

[[nodiscard]] std::int64_t elements(const Integers& shape);
void for_each(const Integers& shape, const std::function<void(const Index&)>& f);  // in row-major order

// Element of `a` broadcast to a shape of which `index` is an index.
[[nodiscard]] Real broadcast_at(const Array& a, const Index& index);
[[nodiscard]] Integers broadcast_shape(const Integers& a, const Integers& b);

[[nodiscard]] Tensor tensor_of(const Array& a);  // every value must be representable
[[nodiscard]] Array array_of(const Tensor& t);

[[nodiscard]] bool is_real(DType t);
[[nodiscard]] int bits(DType t);
[[nodiscard]] Real lowest(DType t);   // of integers
[[nodiscard]] Real highest(DType t);  // of integers
// An integer modulo 2^bits in the type's range.
[[nodiscard]] Real wrapped(DType t, Wide value);
// A real rounded once to the element type: nearest even for floats; integers truncate.
[[nodiscard]] Real rounded(DType t, Real value);
// The distance of a value of the type to the next.
[[nodiscard]] Real ulp(DType t, Real value);

// Reproducible elements: floats in [low, high], integers in the part of it that the type holds, bools.
[[nodiscard]] Array random(DType t, Integers shape, unsigned seed, double low = -4, double high = 4);
[[nodiscard]] Array filled(DType t, Integers shape, Real value);

}  // namespace inferc::test
