#include <fmt/format.h>

#include "compiler/ops/pool.hpp"
#include "kernels/ref/pool.hpp"

namespace inferc::op_LpPool {
namespace {

void infer(Infer& i) {
  const std::int64_t p = i.node.attr_int("p", 2);
  if (p < 1) {
    i.fail(fmt::format("p is {}, at least 1 is defined", p));
    return;
  }
  if (const auto shape = pool::out_shape(i)) i.out(0, i.dtype(0), *shape);
}

void lower(Lower& l) {
  const window::Window w = pool::window_of(l);
  const Shape& shape = l.out_type().shape;
  const HostKernel kernel = by_dtype(l.type(0).dtype, FloatTypes{}, [&]<class T>(std::type_identity<T>) {
    return window::by_spatial(w.in.size(), []<int S>(std::integral_constant<int, S>) { return host(&ref::lp_pool<T, S>); });
  });
  std::vector<Arg> args{write(l.out_dense()), read(l.in_dense(0)), runtime_size(pool::planes(l)), integer(l.node.attr_int("p", 2))};
  window::append(args, w, {shape.begin() + 2, shape.end()});
  l.reference("ref::lp_pool", "kernels/ref/pool.hpp", kernel, std::move(args)).flops = Dim(2) * pool::flops(l, w);
}

}  // namespace

extern const Op op = {.name = "LpPool",
                      .inputs = {{"X", types::floats}},
                      .attributes = pool::attributes({{"p", AttributeKind::integer}}),
                      .infer = infer,
                      .lower = lower,
                      .versions = "2, 11, 18, 22"};

}  // namespace inferc::op_LpPool
