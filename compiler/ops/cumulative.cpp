#include "compiler/ops/cumulative.hpp"

#include <fmt/format.h>

namespace inferc::cumulative {

namespace {

void infer(Infer& i) {
  const auto axis = i.content(1);
  if (!product(i.shape(1)).is(1)) {
    i.fail(fmt::format("input 'axis' is {}, it must be a scalar", text(i.type(1))));
    return;
  }
  if (i.rank(0) == 0 || (axis && (*axis)[0].is_constant())) static_cast<void>(i.axis(axis ? (*axis)[0].constant().value_or(0) : 0, i.rank(0)));
  i.out(0, i.dtype(0), i.shape(0));
}

}  // namespace

void lower(Lower& l, const std::string& functor, std::int64_t neutral, const Kernels& kernels) {
  const std::string header = "kernels/ref/cumulative.hpp";
  const int rank = l.type(0).rank();
  const Arg exclusive = flag(l.node.attr_int("exclusive", 0) != 0), reverse = flag(l.node.attr_int("reverse", 0) != 0);
  if (l.constant(1)) {
    const std::int64_t axis = *l.content(1)[0].constant();
    const Split s = split_at(l.shape(0), from_front(axis, rank));
    l.reference(
         "ref::cumulative", header, kernels.along_constant,
         {write(l.out_dense()), read(l.in_dense(0)), runtime_size(s.outer), runtime_size(s.axis), runtime_size(s.inner), integer(neutral), exclusive, reverse})
        .template_args = {functor};
    return;
  }
  l.bound_indices(l.in(1), Dim(-rank), Dim(rank - 1));
  Call& c = l.reference("ref::cumulative_along", header, kernels.along_given,
                        {write_view(l.out()), read_view(l.in(0)), read(l.in(1)), runtime_size(Dim(rank)), integer(neutral), exclusive, reverse});
  c.template_args = {functor};
  c.may_fault = true;
}

Op op(std::string_view name, void (*lower)(Lower&), std::string_view versions) {
  return {.name = name,
          .inputs = {{"x", types::numeric}, {"axis", types::index}},
          .attributes = {{"exclusive", AttributeKind::integer}, {"reverse", AttributeKind::integer}},
          .infer = infer,
          .lower = lower,
          .versions = versions};
}

}  // namespace inferc::cumulative
