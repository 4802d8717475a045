#include "kernels/ref/conv.hpp"

#include "compiler/ops/convolution.hpp"

namespace inferc {
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
    return window::by_spatial(l.shape(0).size() - 2,
                              []<int S>(std::integral_constant<int, S>) { return host(&ref::conv_transpose<T, S>); });
  });
  convolution::lower(l, "ref::conv_transpose", kernel, true);
}

Op make() {
  Op op = convolution::op("ConvTranspose", infer, lower, "1, 11, 22");
  op.attributes.push_back({"output_padding", AttributeKind::integers});
  op.attributes.push_back({"output_shape", AttributeKind::integers});
  return op;
}

}  // namespace

extern const Op op_ConvTranspose = make();

}  // namespace inferc
