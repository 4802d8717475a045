#include "compiler/ops/pool.hpp"
#include "kernels/ref/pool.hpp"

namespace inferc::op_AveragePool {
namespace {

void infer(Infer& i) {
  if (const auto shape = pool::out_shape(i)) i.out(0, i.dtype(0), *shape);
}

void lower(Lower& l) {
  const window::Window w = pool::window_of(l);
  const Shape& shape = l.out_type().shape;
  const HostKernel kernel = by_dtype(l.type(0).dtype, FloatTypes{}, [&]<class T>(std::type_identity<T>) {
    return window::by_spatial(w.in.size(), []<int S>(std::integral_constant<int, S>) { return host(&ref::average_pool<T, S>); });
  });
  std::vector<Arg> args{write(l.out_dense()), read(l.in_dense(0)), runtime_size(pool::planes(l)), flag(l.node.attr_int("count_include_pad", 0) != 0)};
  window::append(args, w, {shape.begin() + 2, shape.end()});
  args.push_back(SizesArg{w.pad_end});
  l.reference("ref::average_pool", "kernels/ref/pool.hpp", kernel, std::move(args)).flops = pool::flops(l, w);
}

}  // namespace

extern const Op op = {.name = "AveragePool",
                      .inputs = {{"X", types::floats}},
                      .attributes = pool::attributes({{"count_include_pad", AttributeKind::integer}}),
                      .infer = infer,
                      .lower = lower,
                      .versions = "7, 10, 11, 19, 22"};

}  // namespace inferc::op_AveragePool
