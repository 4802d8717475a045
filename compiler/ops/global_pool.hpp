#pragma once
#include "compiler/ops/reduce.hpp"

// Global pooling: a reduction over all dims after the channels, which are kept with size 1.
namespace inferc::global_pool {

void infer(Infer& i);
[[nodiscard]] Op op(std::string_view name, void (*lower)(Lower&), std::string_view versions);

template <class Reduction>
void lower(Lower& l, const std::string& functor) {
  const HostKernel kernel = by_dtype(l.type(0).dtype, FloatTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::reduce<Reduction, T, max_rank>); });
  Call& c = l.reference("ref::reduce", "kernels/ref/reduce.hpp", kernel, {write_view(l.out()), read_view(l.in(0))});
  c.template_args = {functor};
  c.flops = product(l.shape(0));
}

}  // namespace inferc::global_pool
