#include "kernels/ref/conv.hpp"

#include "compiler/ops/convolution.hpp"

namespace inferc {
namespace {

void infer(Infer& i) {
  if (!convolution::check(i, false)) return;
  const Shape &x = i.shape(0), &w = i.shape(1);
  const auto out = window::out_sizes(i, convolution::window_of(i.node, x, w, false));
  if (!out) return;
  Shape shape{x[0], w[0]};
  shape.insert(shape.end(), out->begin(), out->end());
  i.out(0, i.dtype(0), std::move(shape));
}

void lower(Lower& l) {
  const HostKernel kernel = by_dtype(l.type(0).dtype, FloatTypes{}, [&]<class T>(std::type_identity<T>) {
    return window::by_spatial(l.shape(0).size() - 2, []<int S>(std::integral_constant<int, S>) { return host(&ref::conv<T, S>); });
  });
  convolution::lower(l, "ref::conv", kernel, false);
}

}  // namespace

extern const Op op_Conv = convolution::op("Conv", infer, lower, "1, 11, 22");

}  // namespace inferc
