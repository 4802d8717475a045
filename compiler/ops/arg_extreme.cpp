#include "compiler/ops/arg_extreme.hpp"

#include "kernels/ref/top_k.hpp"

namespace inferc {
namespace {

void infer(Infer& i) {
  const auto axis = i.axis_attr(0, i.rank(0));
  if (!axis) return;
  if (i.symbols().bounds(i.shape(0)[*axis]).upper == 0) {
    i.fail("the axis is empty: there is no largest or smallest element");
    return;
  }
  Shape out = i.shape(0);
  if (i.node.attr_int("keepdims", 1) != 0) out[*axis] = Dim(1);
  else out.erase(out.begin() + static_cast<std::ptrdiff_t>(*axis));
  i.out(0, DType::int64, std::move(out));
}

}  // namespace

void lower_arg_extreme(Lower& l, bool largest) {
  const std::int64_t axis = l.node.attr_int("axis", 0);
  const Split s = split_at(l.shape(0), from_front(axis, l.type(0).rank()));
  const HostKernel kernel = by_dtype(l.type(0).dtype, NumericTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::arg_extreme<T>); });
  l.reference("ref::arg_extreme", "kernels/ref/top_k.hpp", kernel,
              {write(l.out_dense()), read(l.in_dense(0)), runtime_size(s.outer), runtime_size(s.axis), runtime_size(s.inner), flag(largest),
               flag(l.node.attr_int("select_last_index", 0) != 0)})
      .flops = product(l.shape(0));
}

Op arg_extreme_op(std::string_view name, void (*lower)(Lower&)) {
  return {.name = name,
          .inputs = {{"data", types::numeric}},
          .attributes = {{"axis", AttributeKind::integer}, {"keepdims", AttributeKind::integer}, {"select_last_index", AttributeKind::integer}},
          .infer = infer,
          .lower = lower,
          .versions = "1, 11, 12, 13"};
}

}  // namespace inferc
