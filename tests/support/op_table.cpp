#include "tests/support/op_table.hpp"

#include <fmt/format.h>

namespace inferc::test {

std::vector<Row>& table() {
  static std::vector<Row> rows;
  return rows;
}

Cases cases_of(const Row& row) {
  Cases out;
  row.add(out);
  return out;
}

Expected exact(Array value) { return {std::move(value), {}}; }

Expected elementwise(Array value) {
  const bool single = value.dtype == DType::float32;
  Expected e{std::move(value), {}};
  for (Real& v : e.value.values) {
    const Real unit = ulp(e.value.dtype, v);
    e.allowed.push_back(!single ? 16 * unit : std::fabs(v) > 1e-6L ? 4 * unit : 2.5e-7L);
    v = rounded(e.value.dtype, v);
  }
  return e;
}

Real roundoff(DType t) { return t == DType::float32 ? 0x1p-24L : 0x1p-53L; }

Expected sums(Array value, const std::vector<Real>& scale, Real units) {
  Expected e{std::move(value), {}};
  for (std::size_t i = 0; i < scale.size(); ++i)
    e.allowed.push_back(units * roundoff(e.value.dtype) * scale[i] + ulp(e.value.dtype, 0));
  return e;
}

namespace {

bool agrees(Real want, Real have, const Real* allowed) {
  if (std::isnan(want) || std::isnan(have)) return std::isnan(want) && std::isnan(have);
  if (!allowed) return want == have && std::signbit(want) == std::signbit(have);
  return want == have || std::fabs(want - have) <= *allowed;
}

}  // namespace

std::string difference(const Expected& expected, const Tensor& actual) {
  const Array &want = expected.value, have = array_of(actual);
  if (want.dtype != have.dtype) return fmt::format("element type {} instead of {}", name(have.dtype), name(want.dtype));
  if (want.shape != have.shape) return "another shape";
  for (std::size_t i = 0; i < want.values.size(); ++i) {
    const Real* allowed = expected.allowed.empty() ? nullptr : &expected.allowed[i];
    if (!agrees(want.values[i], have.values[i], allowed))
      return fmt::format("element {} is {:.20g} instead of {:.20g}{}", i, have.values[i], want.values[i],
                         allowed ? fmt::format(", allowed {:g}", *allowed) : "");
  }
  return {};
}

std::vector<DType> types_in(const TypeSet& set) {
  std::vector<DType> out;
  for (const DType t : {DType::float32, DType::float64, DType::int8, DType::int16, DType::int32, DType::int64, DType::uint8,
                        DType::uint16, DType::uint32, DType::uint64, DType::boolean})
    if (set.has(t)) out.push_back(t);
  return out;
}

}  // namespace inferc::test
