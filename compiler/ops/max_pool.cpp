#include "compiler/ops/pool.hpp"
#include "kernels/ref/pool.hpp"

namespace inferc::op_MaxPool {
namespace {

constexpr TypeSet element_types = types::floats | TypeSet{DType::int8, DType::uint8};
using ElementTypes = Types<float, double, std::int8_t, std::uint8_t>;

void infer(Infer& i) {
  const auto shape = pool::out_shape(i);
  if (!shape) return;
  i.out(0, i.dtype(0), *shape);
  i.out(1, DType::int64, *shape);
}

void lower(Lower& l) {
  const window::Window w = pool::window_of(l);
  const Shape& shape = l.node.outputs[0] ? l.out_type(0).shape : l.out_type(1).shape;
  const HostKernel kernel = by_dtype(l.type(0).dtype, ElementTypes{}, [&]<class T>(std::type_identity<T>) {
    return window::by_spatial(w.in.size(), []<int S>(std::integral_constant<int, S>) { return host(&ref::max_pool<T, S>); });
  });
  const auto place = [&](std::size_t output, DType dtype) { return l.node.out(output) ? l.out_dense(output) : l.temporary(dtype, shape); };
  std::vector<Arg> args{write(place(0, l.type(0).dtype)), write(place(1, DType::int64)), read(l.in_dense(0)), runtime_size(pool::planes(l)),
                        flag(l.node.attr_int("storage_order", 0) != 0)};
  window::append(args, w, {shape.begin() + 2, shape.end()});
  l.reference("ref::max_pool", "kernels/ref/pool.hpp", kernel, std::move(args)).flops = product(shape) * product(w.kernel);
}

}  // namespace

extern const Op op = {.name = "MaxPool",
                      .inputs = {{"X", element_types}},
                      .max_outputs = 2,
                      .attributes = pool::attributes({{"storage_order", AttributeKind::integer}}),
                      .infer = infer,
                      .lower = lower,
                      .versions = "1, 8, 10, 11, 12, 22"};

}  // namespace inferc::op_MaxPool
