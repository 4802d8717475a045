#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Mean {
namespace {

Tensor count(DType dtype, std::size_t n) {
  Tensor t(dtype, {});
  if (dtype == DType::float32) t.as<float>()[0] = static_cast<float>(n);
  else t.as<double>()[0] = static_cast<double>(n);
  return t;
}

// The sum, divided by the number of operands.
void lower(Lower& l) {
  elementwise::lower_variadic<functors::add, FloatTypes>(l, "functors::add");
  if (l.node.inputs.size() == 1) return;
  const HostKernel kernel =
      by_dtype(l.type(0).dtype, FloatTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::map2<functors::div, T, T, T, max_rank>); });
  const Operand divisor = l.weight(count(l.type(0).dtype, l.node.inputs.size()));
  Call& c = l.reference("ref::map2", "kernels/ref/map.hpp", kernel,
                        {write_view(l.out()), read_view(l.out()), read_view(broadcast_view(divisor, l.out_type().shape))});
  c.template_args = {"functors::div"};
  c.in_place = {{0, 1}};
}

}  // namespace

extern const Op op = {.name = "Mean",
                      .inputs = {{"data_0", types::floats, Port::Arity::variadic, 'T'}},
                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .versions = "6, 8, 13"};

}  // namespace inferc::op_Mean
