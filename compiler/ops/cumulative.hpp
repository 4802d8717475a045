#pragma once
#include "compiler/ops/op.hpp"
#include "kernels/ref/cumulative.hpp"

// What CumSum and CumProd share: the axis is an operand, attributes exclusive and reverse.
namespace inferc::cumulative {

struct Kernels {
  HostKernel along_constant, along_given;
};
void lower(Lower& l, const std::string& functor, std::int64_t neutral, const Kernels& kernels);

template <class F>
void lower(Lower& l, const std::string& functor, std::int64_t neutral) {
  const DType t = l.type(0).dtype, axis = l.type(1).dtype;
  lower(l, functor, neutral,
        {by_dtype(t, NumericTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::cumulative<F, T>); }),
         by_dtype(t, NumericTypes{}, [&]<class T>(std::type_identity<T>) {
           return by_dtype(axis, IndexTypes{}, []<class I>(std::type_identity<I>) { return host(&ref::cumulative_along<F, T, I, max_rank>); });
         })});
}

[[nodiscard]] Op op(std::string_view name, void (*lower)(Lower&), std::string_view versions);

}  // namespace inferc::cumulative
