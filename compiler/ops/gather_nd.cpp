#include <fmt/format.h>

#include "compiler/ops/format.hpp"
#include "compiler/ops/indices.hpp"
#include "kernels/ref/gather_nd.hpp"

namespace inferc::op_GatherND {
namespace {

void infer(Infer& i) {
  const std::int64_t batch = i.node.attr_int("batch_dims", 0);
  if (i.rank(0) < 1 || i.rank(1) < 1 || batch < 0 || batch >= i.rank(0) || batch >= i.rank(1)) {
    i.fail(fmt::format("batch_dims is {} for data {} and indices {}", batch, text(i.type(0)), text(i.type(1))));
    return;
  }
  const auto depth = i.shape(1).back().constant();
  if (!depth || *depth < 1 || *depth > i.rank(0) - batch) {
    i.fail(fmt::format("the last dimension of indices {} must be a constant from 1 to {}", text(i.type(1)), i.rank(0) - batch));
    return;
  }
  Shape out(i.shape(1).begin(), i.shape(1).end() - 1);
  for (std::int64_t d = 0; d < batch; ++d) {
    const auto at = static_cast<std::size_t>(d);
    out[at] = i.unify(i.shape(0)[at], i.shape(1)[at]);
  }
  if (!indices::check_tuples(i, 1, {i.shape(0).begin() + batch, i.shape(0).begin() + batch + *depth})) return;
  out.insert(out.end(), i.shape(0).begin() + batch + *depth, i.shape(0).end());
  i.out(0, i.dtype(0), std::move(out));
}

std::vector<Arg> arguments(Lower& l) {
  const std::int64_t batch = l.node.attr_int("batch_dims", 0);
  const Shape &data = l.shape(0), &tuples = l.shape(1);
  const std::int64_t depth = *tuples.back().constant();
  Shape sizes(data.begin() + batch, data.begin() + batch + depth);
  indices::bound_tuples(l, 1, sizes);
  while (sizes.size() < static_cast<std::size_t>(max_rank)) sizes.insert(sizes.begin(), Dim(1));
  return {write(l.out_dense()),
          read(l.in_dense(0)),
          read(l.in_dense(1)),
          runtime_size(product({data.begin(), data.begin() + batch})),
          runtime_size(product({tuples.begin() + batch, tuples.end() - 1})),
          runtime_size(depth),
          runtime_size(product({data.begin() + batch + depth, data.end()})),
          SizesArg{sizes}};
}

void lower(Lower& l) {
  const HostKernel kernel = by_width(l.type(0).dtype, []<class T>(std::type_identity<T>) { return host(&ref::gather_nd<T>); });
  l.reference("ref::gather_nd", "kernels/ref/gather_nd.hpp", kernel, arguments(l)).may_fault = true;
}

bool lower_fast(Lower& l) {
  l.fast("cpu::gather_nd", "kernels/cpu/scatter.hpp", arguments(l)).may_fault = true;
  return true;
}

}  // namespace

extern const Op op = {.name = "GatherND",
                      .inputs = {{"data", types::any}, {"indices", types::int64}},
                      .attributes = {{"batch_dims", AttributeKind::integer}},
                      .infer = infer,
                      .lower = lower,
                      .lower_fast = lower_fast,
                      .versions = "11, 12, 13"};

}  // namespace inferc::op_GatherND
