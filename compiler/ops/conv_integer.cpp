#include "compiler/ops/conv_integer.hpp"

#include "compiler/ops/quantize.hpp"
#include "kernels/ref/quantize.hpp"

namespace inferc::conv_integer {

std::optional<Shape> shape(Infer& i, const Inputs& in) {
  if (!convolution::check(i, false, in.at)) return std::nullopt;
  const Shape &x = i.shape(in.at.x), &w = i.shape(in.at.w);
  if (i.has(in.zero_x) && !product(i.shape(in.zero_x)).is(1)) return i.fail("the zero point of X must be one value"), std::nullopt;
  if (i.has(in.zero_w) && !product(i.shape(in.zero_w)).is(1)) {
    if (i.rank(in.zero_w) != 1) return i.fail("the zero point of W must be one value or one per filter"), std::nullopt;
    static_cast<void>(i.unify(i.shape(in.zero_w)[0], w[0]));
  }
  const auto out = window::out_sizes(i, convolution::window_of(i.node, x, w, false));
  if (!out || i.failed()) return std::nullopt;
  Shape s{x[0], w[0]};
  s.insert(s.end(), out->begin(), out->end());
  return s;
}

void lower(Lower& l, const Operand& out, const Inputs& in) {
  const Shape &x = l.shape(in.at.x), &w = l.shape(in.at.w);
  const DType xt = l.type(in.at.x).dtype, wt = l.type(in.at.w).dtype;
  const convolution::Channels c = convolution::channels(l.node, w, false);
  const auto given = [&](std::size_t input, DType dtype) { return l.has(input) ? l.in_dense(input) : l.weight(Tensor(dtype, {1})); };
  const auto stride = [&](std::size_t input) { return runtime_size(l.has(input) && !product(l.shape(input)).is(1) ? 1 : 0); };
  const HostKernel kernel = by_dtype(xt, quantized::Bytes{}, [&]<class X>(std::type_identity<X>) {
    return by_dtype(wt, quantized::Bytes{}, [&]<class W>(std::type_identity<W>) {
      return window::by_spatial(x.size() - 2, []<int S>(std::integral_constant<int, S>) { return host(&ref::conv_integer<X, W, S>); });
    });
  });
  std::vector<Arg> args{write(out),
                        read(l.in_dense(in.at.x)),
                        read(l.in_dense(in.at.w)),
                        read(given(in.zero_x, xt)),
                        read(given(in.zero_w, wt)),
                        stride(in.zero_w),
                        read(given(in.at.bias, DType::int32)),
                        stride(in.at.bias),
                        runtime_size(x[0]),
                        runtime_size(c.groups),
                        runtime_size(c.channels),
                        runtime_size(c.filters)};
  window::append(args, convolution::window_of(l.node, x, w, false), convolution::spatial(out.shape));
  l.reference("ref::conv_integer", "kernels/ref/quantize.hpp", kernel, std::move(args)).flops = Dim(2) * product(out.shape) * product({w.begin() + 1, w.end()});
}

}  // namespace inferc::conv_integer

namespace inferc::op_ConvInteger {
namespace {

constexpr conv_integer::Inputs places{{0, 1, SIZE_MAX}, 2, 3};

void infer(Infer& i) {
  if (auto s = conv_integer::shape(i, places)) i.out(0, DType::int32, std::move(*s));
}

void lower(Lower& l) { conv_integer::lower(l, l.out_dense(), places); }

}  // namespace

extern const Op op = {.name = "ConvInteger",
                      .inputs = {{"x", quantized::bytes, Port::Arity::required, 'X'},
                                 {"w", quantized::bytes, Port::Arity::required, 'W'},
                                 {"x_zero_point", quantized::bytes, Port::Arity::optional, 'X'},
                                 {"w_zero_point", quantized::bytes, Port::Arity::optional, 'W'}},
                      .attributes = convolution::attributes(),
                      .infer = infer,
                      .lower = lower,
                      .versions = "10"};

}  // namespace inferc::op_ConvInteger
