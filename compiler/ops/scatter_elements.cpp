#include <fmt/format.h>

#include "compiler/ops/indices.hpp"
#include "compiler/ops/scatter.hpp"

namespace inferc {
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
    if (d != *axis && !i.symbols().provably_le(i.shape(1)[d], i.shape(0)[d])) {
      i.fail(fmt::format("indices are {}, which may exceed data {} outside of axis {}", text(i.type(1)), text(i.type(0)), *axis));
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
    return by_dtype(l.type(1).dtype, IndexTypes{}, []<class I>(std::type_identity<I>) {
      return host(&ref::scatter_elements<F, T, I, max_rank>);
    });
  });
  Call& c = l.reference("ref::scatter_elements", "kernels/ref/scatter.hpp", kernel,
                        {write_view(l.out()), read_view(l.in(0)), read_view(l.in(1)), read_view(l.in(2)), runtime_size(from_end)});
  c.template_args = {scatter::functor(l.node)};
  c.may_fault = true;
}

}  // namespace

extern const Op op_ScatterElements = {.name = "ScatterElements",
                                      .inputs = {{"data", types::all, Port::Arity::required, 'T'},
                                                 {"indices", types::index},
                                                 {"updates", types::all, Port::Arity::required, 'T'}},
                                      .attributes = {{"axis", AttributeKind::integer}, {"reduction", AttributeKind::string}},
                                      .infer = infer,
                                      .lower = lower,
                                      .versions = "11, 13, 16, 18"};

}  // namespace inferc
