#include "compiler/ops/reduce.hpp"

namespace inferc::op_ReduceLogSumExp {
namespace {

void lower(Lower& l) {
  if (!l.known(1))
    return reduction::lower_given(l, "ref::log_sum_exp", by_dtype(l.type(0).dtype, reduction::KernelTypes{}, []<class T>(std::type_identity<T>) {
                                    return host(&ref::reduce_given<ref::log_sum_exp, T, max_rank>);
                                  }));
  const HostKernel kernel =
      by_dtype(l.type(0).dtype, reduction::KernelTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::reduce_log_sum_exp<T, max_rank>); });
  l.reference("ref::reduce_log_sum_exp", "kernels/ref/reduce.hpp", kernel, {write_view(reduction::keep_dims(l)), read_view(l.in(0))}).flops =
      Dim(10) * product(l.shape(0));
}

}  // namespace

extern const Op op = reduction::op("ReduceLogSumExp", reduction::types, lower, "1, 11, 13, 18");

}  // namespace inferc::op_ReduceLogSumExp
