#include <fmt/format.h>

#include "compiler/ops/indices.hpp"
#include "compiler/ops/scatter.hpp"

namespace inferc::op_ScatterElements {
namespace {

void infer(Infer& i) {
  const auto axis = i.axis_attr(0, i.rank(0));
  if (!axis || !scatter::check_reduction(i)) return;
  if (i.rank(0) != i.rank(1) || i.rank(0) != i.rank(2)) {
    i.fail(fmt::format("data is {}, indices are {}, updates are {}: ranks differ", text(i.type(0)), text(i.type(1)), text(i.type(2))));
    return;
  }
  for (std::size_t d = 0; d < i.shape(0).size(); ++d) {
    (void)i.unify(i.shape(1)[d], i.shape(2)[d]);
    if (d != *axis && !indices::at_most(i, i.shape(1)[d], i.shape(0)[d])) {
      i.fail(fmt::format("indices are {}, which exceed data {} outside of axis {}", text(i.type(1)), text(i.type(0)), *axis));
      return;
    }
  }
  if (indices::check(i, 1, i.shape(0)[*axis])) i.out(0, i.dtype(0), i.shape(0));
}

void lower(Lower& l) {
  const std::int64_t axis = l.node.attr_int("axis", 0);
  const Dim from_end = (axis < 0 ? -axis : l.type(0).rank() - axis);
  indices::bound(l, 1, indices::axis_size(l));
  const HostKernel kernel = scatter::by_reduction(l.node, l.type(0).dtype, [&]<class F, class T>(std::type_identity<F>, std::type_identity<T>) {
    return by_dtype(l.type(1).dtype, IndexTypes{}, []<class I>(std::type_identity<I>) { return host(&ref::scatter_elements<F, T, I, max_rank>); });
  });
  Call& c = l.reference("ref::scatter_elements", "kernels/ref/scatter.hpp", kernel,
                        {write_view(l.out()), read_view(l.in(0)), read_view(l.in(1)), read_view(l.in(2)), runtime_size(from_end)});
  c.template_args = {scatter::functor(l.node)};
  c.may_fault = true;
}

// As [outer, axis, inner], where the indices cover all of data beside the axis.
bool lower_fast(Lower& l) {
  const std::size_t at = from_front(l.node.attr_int("axis", 0), l.type(0).rank());
  for (std::size_t d = 0; d < l.shape(0).size(); ++d)
    if (d != at && !(l.shape(0)[d] == l.shape(1)[d])) return false;
  const Split data = split_at(l.shape(0), at);
  indices::bound(l, 1, data.axis);
  const Dim count = l.shape(1)[at];
  const Shape space{data.outer, count, data.inner};
  const auto view = reshape_view(l.in(1), space);
  const Operand indices = view ? *view : *reshape_view(l.in_dense(1), space);
  Call& c = l.fast("cpu::scatter_elements", "kernels/cpu/scatter.hpp",
                   {write(l.out_dense()), read(l.in_dense(0)), read(indices), read(l.in_dense(2)), runtime_size(data.outer), runtime_size(data.axis),
                    runtime_size(count), runtime_size(data.inner), SizesArg{indices.strides}});
  c.template_args = {scatter::functor(l.node)};
  c.may_fault = true;
  c.in_place = {{0, 1}};
  return true;
}

}  // namespace

extern const Op op = {
    .name = "ScatterElements",
    .inputs = {{"data", types::all, Port::Arity::required, 'T'}, {"indices", types::index}, {"updates", types::all, Port::Arity::required, 'T'}},
    .attributes = {{"axis", AttributeKind::integer}, {"reduction", AttributeKind::string}},
    .infer = infer,
    .lower = lower,
    .lower_fast = lower_fast,
    .versions = "11, 13, 16, 18"};

}  // namespace inferc::op_ScatterElements
