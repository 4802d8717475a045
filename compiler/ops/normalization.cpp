#include "compiler/ops/normalization.hpp"

#include <fmt/format.h>

#include "compiler/ops/rows.hpp"
#include "kernels/ref/normalization.hpp"

namespace inferc::normalization {

bool check_broadcast(Infer& i, std::string_view port, const Shape& v, const Shape& shape) {
  if (v.size() > shape.size()) return i.fail(fmt::format("input '{}' has rank {}, X has rank {}", port, v.size(), shape.size()));
  for (std::size_t d = 0; d < v.size(); ++d)
    if (!v[d].is(1)) static_cast<void>(i.unify(v[d], shape[shape.size() - v.size() + d]));
  return !i.failed();
}

bool check_stash_type(Infer& i) {
  const std::int64_t type = i.node.attr_int("stash_type", 1);
  return type == 1 || type == 11 || i.fail(fmt::format("stash_type {} is not supported", type), "statistics are computed in the type of X: use stash_type 1");
}

Shape statistics_shape(const Shape& shape, std::size_t first) {
  Shape out = shape;
  for (std::size_t d = first; d < out.size(); ++d) out[d] = Dim(1);
  return out;
}

Operand filled(Lower& l, DType dtype, double value, const Shape& shape) {
  Tensor t(dtype, {1});
  if (dtype == DType::float64) t.as<double>()[0] = value;
  else t.as<float>()[0] = static_cast<float>(value);
  return broadcast_view(l.weight(std::move(t)), shape);
}

Operand along(const Operand& vector, std::size_t axis, const Shape& shape) {
  Operand out = vector;
  out.shape = shape;
  out.strides.assign(shape.size(), Dim(0));
  out.strides[axis] = vector.strides[0];
  return out;
}

Moments moments(Lower& l, const Operand& x, const Shape& statistics, double epsilon) {
  const Moments m{l.temporary(x.dtype, statistics), l.temporary(x.dtype, statistics)};
  const HostKernel kernel = by_dtype(x.dtype, FloatTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::moments<T, max_rank>); });
  l.reference("ref::moments", "kernels/ref/normalization.hpp", kernel, {write_view(m.mean), write_view(m.inv), read_view(x), real64(epsilon)}).flops =
      Dim(4) * x.size();
  return m;
}

Call& normalize(Lower& l, const Operand& out, const Operand& x, const Moments& m, const Operand& scale, const Operand& bias) {
  const HostKernel kernel = by_dtype(x.dtype, FloatTypes{}, [&]<class T>(std::type_identity<T>) {
    return by_dtype(scale.dtype, FloatTypes{}, [&]<class S>(std::type_identity<S>) {
      return by_dtype(m.mean.dtype, FloatTypes{}, []<class U>(std::type_identity<U>) { return host(&ref::normalize<T, S, U, max_rank>); });
    });
  });
  const auto widened = [&](const Operand& v) { return read_view(broadcast_view(v, x.shape)); };
  Call& c = l.reference("ref::normalize", "kernels/ref/normalization.hpp", kernel,
                        {write_view(out), read_view(x), widened(m.mean), widened(m.inv), widened(scale), widened(bias)});
  c.in_place = {{0, 1}};
  c.flops = Dim(4) * x.size();
  return c;
}

Call& rows(Lower& l, const std::string& kernel, std::size_t first, std::vector<Accessor> operands) {
  Expr e{.functor = operands.size() == 2 ? "cpu::multiply_add" : "functors::mul", .args = {Expr{}}, .parameters = {}};
  for (int k = 0; k < static_cast<int>(operands.size()); ++k) e.args.push_back({.functor = {}, .args = {}, .parameters = {}, .operand = k});
  return inferc::rows::call(l, kernel, "kernels/cpu/norm.hpp", inferc::rows::of(l, first),
                            {real(l.node.attr("epsilon", 1e-5f)), EpilogueArg{std::make_shared<const Expr>(std::move(e)), std::move(operands)}});
}

bool groups(Lower& l, const Dim& groups) {
  for (std::size_t k = 0; k < 3; ++k)
    if (l.type(k).dtype != DType::float32) return false;
  const Shape& x = l.shape(0);
  Call& c =
      l.fast("cpu::group_norm", "kernels/cpu/norm.hpp",
             {RangeArg{Dim(0), x[0] * groups, true}, write(l.out_dense()), read(l.in_dense(0)), runtime_size(groups), runtime_size(*divided(x[1], groups)),
              runtime_size(product({x.begin() + 2, x.end()})), real(l.node.attr("epsilon", 1e-5f)), read(l.in_dense(1)), read(l.in_dense(2))});
  c.in_place = {{1, 2}};
  c.flops = Dim(8) * product(x);
  return true;
}

}  // namespace inferc::normalization
