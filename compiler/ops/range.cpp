#include <cmath>

#include <fmt/format.h>

#include "compiler/ops/content.hpp"
#include "compiler/ops/halves.hpp"
#include "kernels/ref/range.hpp"
#include "kernels/ref/shape_operand.hpp"

namespace inferc::op_Range {
namespace {

std::optional<double> real_constant(const Infer& i, std::size_t k) {
  auto t = content::known_tensor(i.node.in(k));
  if (!t || t->size() != 1) return std::nullopt;
  t = halves::to_float32(*t);
  if (t->dtype() == DType::float32) return static_cast<double>(t->as<float>()[0]);
  if (t->dtype() == DType::float64) return t->as<double>()[0];
  if (t->dtype() == DType::int16) return t->as<std::int16_t>()[0];
  return std::nullopt;
}

// max(0, ceil((limit - start) / delta)) of constants.
std::optional<Dim> real_size(Infer& i) {
  const auto start = real_constant(i, 0), limit = real_constant(i, 1), delta = real_constant(i, 2);
  if (!start || !limit || !delta) return std::nullopt;
  const double n = std::ceil((*limit - *start) / *delta);
  if (!(n < 1e12)) return i.fail(*delta == 0 ? "delta is 0" : "the range has no finite size"), std::nullopt;
  return Dim(n > 0 ? static_cast<std::int64_t>(n) : 0);
}

std::optional<Dim> integer_size(Infer& i) {
  const auto start = i.content(0), limit = i.content(1), delta = i.content(2);
  if (!start || !limit || !delta || !(*delta)[0].is_constant()) return std::nullopt;
  const std::int64_t step = *(*delta)[0].constant();
  if (step == 0) return i.fail("delta is 0"), std::nullopt;
  const Dim distance = step > 0 ? (*limit)[0] - (*start)[0] : (*start)[0] - (*limit)[0];
  const Dim size = content::max(i.symbols(), 0, ceil_div(distance, step > 0 ? step : -step));
  std::vector<Dim> elements;
  if (size.is_constant() && *size.constant() <= static_cast<std::int64_t>(max_content)) {
    for (std::int64_t k = 0; k < *size.constant(); ++k) elements.push_back((*start)[0] + Dim(k * step));
    i.out(0, i.dtype(0), {size});
    i.out_content(0, std::move(elements));
  }
  return size;
}

void infer(Infer& i) {
  for (std::size_t k = 0; k < 3; ++k)
    if (!product(i.shape(k)).is(1)) {
      i.fail(fmt::format("operand {} is {}, it must be a scalar", k, text(i.type(k))));
      return;
    }
  const bool sizes = i.dtype(0) == DType::int32 || i.dtype(0) == DType::int64;
  const auto size = sizes ? integer_size(i) : real_size(i);
  if (i.failed()) return;
  if (!size) {
    if (auto shape = i.declared(1); shape && shape->size() == 1) i.out(0, i.dtype(0), std::move(*shape));
    else if (shape) i.fail("its output is declared with a rank other than 1");
  } else if (!i.node.out()->content) i.out(0, i.dtype(0), {*size});
}

// Whether the size followed from the operands, not from a declared shape.
bool size_is_known(const Lower& l) {
  if (!l.known(0) || !l.known(1) || !l.known(2)) return false;
  const bool sizes = l.type(0).dtype == DType::int32 || l.type(0).dtype == DType::int64;
  return !sizes || l.content(2)[0].is_constant();
}

void lower(Lower& l) {
  using RangeTypes = Types<float, double, std::int16_t, std::int32_t, std::int64_t>;
  const HostKernel kernel = by_dtype(l.type(0).dtype, RangeTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::range<T>); });
  if (!size_is_known(l)) {
    const HostKernel check = by_dtype(l.type(0).dtype, RangeTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::range_fits<T>); });
    l.guard("ref::range_fits", check, {read(l.in_dense(0)), read(l.in_dense(1)), read(l.in_dense(2)), runtime_size(l.out_type().shape[0])});
  }
  l.reference("ref::range", "kernels/ref/range.hpp", kernel,
              {write(l.out_dense()), read(l.in_dense(0)), read(l.in_dense(2)), runtime_size(l.out_type().shape[0])});
}

constexpr TypeSet range_types = types::floats | TypeSet{DType::int16, DType::int32, DType::int64};

}  // namespace

extern const Op op = {.name = "Range",
                      .inputs = {{"start", range_types, Port::Arity::required, 'T'},
                                 {"limit", range_types, Port::Arity::required, 'T'},
                                 {"delta", range_types, Port::Arity::required, 'T'}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "11"};

}  // namespace inferc::op_Range
