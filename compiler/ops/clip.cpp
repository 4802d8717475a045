#include <fmt/format.h>

#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Clip {
namespace {

void infer(Infer& i) {
  for (const std::size_t k : {std::size_t{1}, std::size_t{2}})
    if (i.has(k) && !product(i.shape(k)).is(1)) i.fail(fmt::format("input '{}' is {}, it must be a scalar", k == 1 ? "min" : "max", text(i.type(k))));
  i.out(0, i.dtype(0), i.shape(0));
}

Operand scalar_in(Lower& l, std::size_t i) { return broadcast_view(*reshape_view(l.in_dense(i), {}), l.out_type().shape); }

template <class F>
void one_bound(Lower& l, std::size_t bound, const std::string& functor) {
  const HostKernel kernel = by_dtype(l.type(0).dtype, NumericTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::map2<F, T, T, T, max_rank>); });
  Call& c = l.reference("ref::map2", "kernels/ref/map.hpp", kernel, {write_view(l.out()), read_view(l.in(0)), read_view(scalar_in(l, bound))});
  c.template_args = {functor};
  c.in_place = {{0, 1}};
}

void lower(Lower& l) {
  if (!l.has(1) && !l.has(2)) return l.view(0, l.in(0));
  if (!l.has(2)) return one_bound<functors::max>(l, 1, "functors::max");
  if (!l.has(1)) return one_bound<functors::min>(l, 2, "functors::min");
  const HostKernel kernel =
      by_dtype(l.type(0).dtype, NumericTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::map3<functors::clip, T, T, T, T, max_rank>); });
  Call& c = l.reference("ref::map3", "kernels/ref/map.hpp", kernel,
                        {write_view(l.out()), read_view(l.in(0)), read_view(scalar_in(l, 1)), read_view(scalar_in(l, 2))});
  c.template_args = {"functors::clip"};
  c.in_place = {{0, 1}};
}

bool both_bounds(const Node& n) { return elementwise::on_floats(n) && n.in(1) && n.in(2) && n.in(1)->type->rank() == 0 && n.in(2)->type->rank() == 0; }

}  // namespace

extern const Op op = {.name = "Clip",
                      .inputs = {{"input", types::numeric, Port::Arity::required, 'T'},
                                 {"min", types::numeric, Port::Arity::optional, 'T'},
                                 {"max", types::numeric, Port::Arity::optional, 'T'}},
                      .infer = infer,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::clip", nullptr, both_bounds},
                      .versions = "6, 11, 12, 13"};

}  // namespace inferc::op_Clip
