#include <fmt/format.h>

#include "compiler/ops/indices.hpp"
#include "compiler/ops/scatter.hpp"

namespace inferc {
namespace {

void infer(Infer& i) {
  if (!scatter::check_reduction(i)) return;
  const auto depth = i.rank(1) < 1 ? std::nullopt : i.shape(1).back().constant();
  if (!depth || *depth < 1 || *depth > i.rank(0)) {
    i.fail(fmt::format("the last dimension of indices {} must be a constant from 1 to {}", text(i.type(1)), i.rank(0)));
    return;
  }
  Shape updates(i.shape(1).begin(), i.shape(1).end() - 1);
  updates.insert(updates.end(), i.shape(0).begin() + *depth, i.shape(0).end());
  if (updates.size() != i.shape(2).size()) {
    i.fail(fmt::format("updates are {}, they must be {}", text(i.type(2)), text(Type{i.dtype(2), updates})));
    return;
  }
  for (std::size_t d = 0; d < updates.size(); ++d) (void)i.unify(updates[d], i.shape(2)[d]);
  if (indices::check_tuples(i, 1, {i.shape(0).begin(), i.shape(0).begin() + *depth})) i.out(0, i.dtype(0), i.shape(0));
}

void lower(Lower& l) {
  const Shape &data = l.shape(0), &tuples = l.shape(1);
  const std::int64_t depth = *tuples.back().constant();
  Shape sizes(data.begin(), data.begin() + depth);
  indices::bound_tuples(l, 1, sizes);
  while (sizes.size() < static_cast<std::size_t>(max_rank)) sizes.insert(sizes.begin(), Dim(1));
  const HostKernel kernel = scatter::by_reduction(
      l.node, l.type(0).dtype, []<class F, class T>(std::type_identity<F>, std::type_identity<T>) { return host(&ref::scatter_nd<F, T>); });
  Call& c = l.reference("ref::scatter_nd", "kernels/ref/scatter.hpp", kernel,
                        {write(l.out_dense()), read(l.in_dense(0)), read(l.in_dense(1)), read(l.in_dense(2)), runtime_size(product(data)),
                         runtime_size(product({tuples.begin(), tuples.end() - 1})), runtime_size(depth),
                         runtime_size(product({data.begin() + depth, data.end()})), SizesArg{sizes}});
  c.template_args = {scatter::functor(l.node)};
  c.may_fault = true;
}

}  // namespace

extern const Op op_ScatterND = {.name = "ScatterND",
                                .inputs = {{"data", types::all, Port::Arity::required, 'T'},
                                           {"indices", types::int64},
                                           {"updates", types::all, Port::Arity::required, 'T'}},
                                .attributes = {{"reduction", AttributeKind::string}},
                                .infer = infer,
                                .lower = lower,
                                .versions = "11, 13, 16, 18"};

}  // namespace inferc
