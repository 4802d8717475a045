#include "kernels/ref/lrn.hpp"

#include <fmt/format.h>

#include "compiler/ops/op.hpp"

namespace inferc::op_LRN {
namespace {

void infer(Infer& i) {
  const std::int64_t size = i.node.attr_int("size", 0);
  if (size < 1) i.fail(fmt::format("attribute 'size' is {}, at least 1 is defined", size));
  else if (i.rank(0) < 2) i.fail(fmt::format("X has rank {}, at least 2 is defined", i.rank(0)));
  else i.out(0, i.dtype(0), i.shape(0));
}

void lower(Lower& l) {
  const Node& n = l.node;
  const Split s = split_at(l.shape(0), 1);
  const HostKernel kernel = by_dtype(l.type(0).dtype, FloatTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::lrn<T>); });
  l.reference("ref::lrn", "kernels/ref/lrn.hpp", kernel,
              {write(l.out_dense()), read(l.in_dense(0)), runtime_size(s.outer), runtime_size(s.axis), runtime_size(s.inner),
               runtime_size(n.attr_int("size", 1)), real64(n.attr("alpha", 1e-4f)), real64(n.attr("beta", 0.75f)), real64(n.attr("bias", 1.0f))})
      .flops = product(l.shape(0)) * Dim(2 * n.attr_int("size", 1) + 20);
}

}  // namespace

extern const Op op = {
    .name = "LRN",
    .inputs = {{"X", types::floats}},
    .attributes = {{"alpha", AttributeKind::real}, {"beta", AttributeKind::real}, {"bias", AttributeKind::real}, {"size", AttributeKind::integer}},
    .infer = infer,
    .lower = lower,
    .versions = "1, 13"};

}  // namespace inferc::op_LRN
