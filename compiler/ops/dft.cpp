#include <fmt/format.h>

#include "compiler/ops/content.hpp"
#include "compiler/ops/fourier.hpp"

namespace inferc::op_DFT {
namespace {

// Before opset 20 the axis was an attribute (normalised to the operand), 1 by default.
std::optional<std::int64_t> stated_axis(Infer& i) {
  if (!i.has(2)) return -2;
  const auto axis = i.integers(2);
  if (!axis) return std::nullopt;
  if (axis->size() != 1) return i.fail(fmt::format("input 'axis' is {}, it must be a scalar", text(i.type(2)))), std::nullopt;
  return (*axis)[0];
}

// Where it is not given.
Dim length(const Dim& size, bool mirrored) { return mirrored ? Dim(2) * (size - Dim(1)) : size; }

Dim count(const Dim& n, bool inverse, bool onesided) { return onesided && !inverse ? floor_div(n, Dim(2)) + Dim(1) : n; }

// Axis or length that are read at run time.
void infer_declared(Infer& i, const Dim& parts) {
  auto out = i.declared(i.known(1) ? 2 : 1);
  if (!out) return;
  if (out->size() != i.shape(0).size() || i.symbols().decide_equal(out->back(), parts) == false) content::refuse_declared(i, *out);
  out->back() = i.failed() ? parts : i.unify(out->back(), parts);
  for (std::size_t k = 1; !i.failed() && k < 3; ++k)
    if (i.has(k)) static_cast<void>(content::has_elements(i, k, 1));
  i.out(0, i.dtype(0), std::move(*out));
}

void infer(Infer& i) {
  const bool inverse = i.node.attr_int("inverse", 0) != 0, onesided = i.node.attr_int("onesided", 0) != 0;
  const int rank = i.rank(0);
  if (rank < 2 || !(i.shape(0).back().is(1) || i.shape(0).back().is(2))) {
    i.fail(fmt::format("the input is {}, its last axis must have 1 element (real) or 2 (complex)", text(i.type(0))));
    return;
  }
  const bool real = i.shape(0).back().is(1);
  if (onesided && real == inverse) {
    i.fail(inverse ? "onesided and inverse take a complex input" : "onesided takes a real input", "leave attribute 'onesided' out");
    return;
  }
  if (!i.known(1) || !i.known(2)) return infer_declared(i, Dim(inverse && onesided ? 1 : 2));
  const auto stated = stated_axis(i);
  if (!stated) return;
  const auto axis = i.axis(*stated, rank);
  if (!axis) return;
  if (*axis + 1 == static_cast<std::size_t>(rank)) {
    i.fail(fmt::format("axis {} is that of real and imaginary parts", *stated));
    return;
  }
  const auto given = i.has(1) ? i.content(1) : std::nullopt;
  if (i.has(1) && (!given || given->size() != 1)) {
    i.fail("input 'dft_length' must be a scalar");
    return;
  }
  const Dim n = i.has(1) ? (*given)[0] : length(i.shape(0)[*axis], inverse && onesided);
  if (!i.symbols().provably_le(1, n)) {
    i.fail(fmt::format("the length of the transform is {}, it must be positive", n.text()));
    return;
  }
  Shape out = i.shape(0);
  out[*axis] = count(n, inverse, onesided);
  out.back() = Dim(inverse && onesided ? 1 : 2);
  i.out(0, i.dtype(0), std::move(out));
}

// At most, over the axes that it may be.
Dim longest(const Shape& to, bool halved) {
  Dim out(1);
  for (std::size_t d = 0; d + 1 < to.size(); ++d) out = max(out, halved ? Dim(2) * to[d] : to[d]);
  return out;
}

void lower_given(Lower& l, bool inverse, bool onesided) {
  Tensor default_axis(DType::int64, {});
  default_axis.as<std::int64_t>()[0] = -2;
  const Operand length = l.has(1) ? l.in_dense(1) : l.weight(Tensor(DType::int64, {0})), axis = l.has(2) ? l.in_dense(2) : l.weight(default_axis);
  const Shape& to = l.out_type().shape;
  const std::vector<Arg> check{
      read(length),  runtime_size(length.size()), read(axis), guarded_shape(l.shape(0)), runtime_size(Dim(l.type(0).rank())), guarded_shape(to), flag(inverse),
      flag(onesided)};
  l.guard("ref::dft_fits", by_dtype(length.dtype, IndexTypes{}, []<class L>(std::type_identity<L>) { return host(&ref::dft_fits<L>); }), check);
  const Dim n = longest(to, onesided && !inverse);
  std::vector<Arg> args{write(l.out_dense()), fourier::scratch(l, l.type(0).dtype, n), read(l.in_dense(0))};
  args.insert(args.end(), check.begin(), check.end());
  const HostKernel kernel = by_dtype(l.type(0).dtype, FloatTypes{}, [&]<class T>(std::type_identity<T>) {
    return by_dtype(length.dtype, IndexTypes{}, []<class L>(std::type_identity<L>) { return host(&ref::dft_given<T, L>); });
  });
  Call& c = l.reference("ref::dft_given", "kernels/ref/dft_given.hpp", kernel, std::move(args));
  c.may_fault = true;
  c.flops = product(to) * fourier::flops(n);
}

void lower(Lower& l) {
  const bool inverse = l.node.attr_int("inverse", 0) != 0, onesided = l.node.attr_int("onesided", 0) != 0;
  if (!l.known(1) || !l.known(2)) return lower_given(l, inverse, onesided);
  const std::int64_t stated = l.has(2) ? *l.content(2)[0].constant() : -2;
  const auto axis = from_front(stated, l.type(0).rank());
  const Shape &x = l.shape(0), &y = l.out_type().shape;
  const Dim n = l.has(1) ? l.content(1)[0] : length(x[axis], inverse && onesided);
  const Shape rows{x.begin(), x.end() - 1};
  const Split s = split_at(rows, axis);
  const HostKernel kernel = by_dtype(l.type(0).dtype, FloatTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::dft<T>); });
  l.reference(
       "ref::dft", "kernels/ref/dft.hpp", kernel,
       {write(l.out_dense()), fourier::scratch(l, l.type(0).dtype, n), read(l.in_dense(0)), runtime_size(s.outer), runtime_size(s.inner), runtime_size(s.axis),
        runtime_size(n), runtime_size(y[axis]), runtime_size(x.back()), runtime_size(y.back()), flag(inverse), flag(inverse && onesided)})
      .flops = product(y) * fourier::flops(n);
}

}  // namespace

extern const Op op = {.name = "DFT",
                      .inputs = {{"input", types::floats}, {"dft_length", types::index, Port::Arity::optional}, {"axis", types::int64, Port::Arity::optional}},
                      .attributes = {{"inverse", AttributeKind::integer}, {"onesided", AttributeKind::integer}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "17, 20"};

}  // namespace inferc::op_DFT
