#pragma once
#include <string>

#include "compiler/ops/op.hpp"
#include "kernels/ref/reduce_given.hpp"

// What the reductions share: the input's axes in the normalised form (an operand), keepdims, noop_with_empty_axes.
namespace inferc::reduction {

inline constexpr TypeSet types{DType::float32, DType::float64, DType::int32, DType::int64, DType::uint32, DType::uint64};
using KernelTypes = Types<float, double, std::int32_t, std::int64_t, std::uint32_t, std::uint64_t>;
inline constexpr TypeSet ordered_types = types | TypeSet{DType::int8, DType::uint8, DType::boolean};
using OrderedKernelTypes = Types<float, double, std::int32_t, std::int64_t, std::uint32_t, std::uint64_t, std::int8_t, std::uint8_t, bool>;

// Which dims are reduced.
[[nodiscard]] std::vector<bool> reduced(const Node& node, int rank, const std::optional<std::vector<std::int64_t>>& axes);
void infer(Infer& i);
// The output with a dim of size 1 in place of each reduced dim that it lacks.
[[nodiscard]] Operand keep_dims(const Operand& out, const std::vector<bool>& reduced);
[[nodiscard]] Operand keep_dims(Lower& l);
// With axes that are read at run time.
void lower_given(Lower& l, const std::string& functor, HostKernel kernel);
[[nodiscard]] Op op(std::string_view name, TypeSet types, void (*lower)(Lower&), std::string_view versions);

template <class Reduction, class Set>
void lower(Lower& l, const std::string& functor) {
  if (!l.known(1))
    return lower_given(l, functor,
                       by_dtype(l.type(0).dtype, Set{}, []<class T>(std::type_identity<T>) { return host(&ref::reduce_given<Reduction, T, max_rank>); }));
  const HostKernel kernel = by_dtype(l.type(0).dtype, Set{}, []<class T>(std::type_identity<T>) { return host(&ref::reduce<Reduction, T, max_rank>); });
  Call& c = l.reference("ref::reduce", "kernels/ref/reduce.hpp", kernel, {write_view(keep_dims(l)), read_view(l.in(0))});
  c.template_args = {functor};
  c.flops = product(l.shape(0));
}

}  // namespace inferc::reduction
