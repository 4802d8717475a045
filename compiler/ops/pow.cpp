#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Pow {
namespace {

void lower(Lower& l) {
  using Bases = Types<float, double, std::int32_t, std::int64_t>;
  const HostKernel kernel = by_dtype(l.type(0).dtype, Bases{}, [&]<class T>(std::type_identity<T>) {
    return by_dtype(l.type(1).dtype, NumericTypes{}, []<class E>(std::type_identity<E>) { return host(&ref::map2<functors::pow, T, T, E, max_rank>); });
  });
  Call& c = l.reference("ref::map2", "kernels/ref/map.hpp", kernel,
                        {write_view(l.out()), read_view(elementwise::broadcast_in(l, 0)), read_view(elementwise::broadcast_in(l, 1))});
  c.template_args = {"functors::pow"};
  c.in_place = {{0, 1}};
  c.flops = product(l.out_type().shape);
}

bool equal_floats(const Node& n) { return elementwise::on_floats(n) && n.inputs[0]->type->dtype == n.inputs[1]->type->dtype; }

}  // namespace

extern const Op op = {.name = "Pow",
                      .inputs = {{"X", types::floats | types::index}, {"Y", types::numeric}},
                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::pow", nullptr, equal_floats},
                      .versions = "7, 12, 13, 15"};

}  // namespace inferc::op_Pow
