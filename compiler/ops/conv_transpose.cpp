#include "kernels/ref/conv.hpp"

#include "compiler/ops/convolution.hpp"

namespace inferc::op_ConvTranspose {
namespace {

void infer(Infer& i) {
  if (!convolution::check(i, true)) return;
  const Shape &x = i.shape(0), &w = i.shape(1);
  const auto out = window::out_sizes(i, convolution::window_of(i.node, x, w, true));
  if (!out) return;
  Shape shape{x[0], w[1] * Dim(i.node.attr_int("group", 1))};
  shape.insert(shape.end(), out->begin(), out->end());
  i.out(0, i.dtype(0), std::move(shape));
}

void lower(Lower& l) {
  const HostKernel kernel = by_dtype(l.type(0).dtype, FloatTypes{}, [&]<class T>(std::type_identity<T>) {
    return window::by_spatial(l.shape(0).size() - 2, []<int S>(std::integral_constant<int, S>) { return host(&ref::conv_transpose<T, S>); });
  });
  convolution::lower(l, "ref::conv_transpose", kernel, true);
}

// Constant weights; pads that are known not to be negative.
bool lower_fast(Lower& l) {
  if (l.type(0).dtype != DType::float32 || !l.constant(1)) return false;
  const window::Window w = convolution::window_of(l.node, l.shape(0), l.shape(1), true);
  for (const Dim& pad : w.pad)
    if (!l.symbols().provably_le(0, pad)) return false;
  convolution::lower_channels_last(l, "cpu::conv_transpose", "kernels/cpu/conv_transpose.hpp", w, w.in, std::vector<Dim>(w.in.size(), Dim(0)),
                                   {SizesArg{convolution::three(w.pad, 0)}}, true);
  return true;
}

Op make() {
  Op op = convolution::op("ConvTranspose", infer, lower, "1, 11, 22");
  op.lower_fast = lower_fast;
  op.attributes.push_back({"output_padding", AttributeKind::integers});
  op.attributes.push_back({"output_shape", AttributeKind::integers});
  return op;
}

}  // namespace

extern const Op op = make();

}  // namespace inferc::op_ConvTranspose
