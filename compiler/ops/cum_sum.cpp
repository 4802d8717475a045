#include <fmt/format.h>

#include "compiler/ops/op.hpp"
#include "kernels/ref/cum_sum.hpp"

namespace inferc {
namespace {

void infer(Infer& i) {
  const auto axis = i.integers(1);
  if (!axis) return;
  if (axis->size() != 1) {
    i.fail(fmt::format("input 'axis' is {}, it must be a scalar", text(i.type(1))));
    return;
  }
  if (i.axis((*axis)[0], i.rank(0))) i.out(0, i.dtype(0), i.shape(0));
}

void lower(Lower& l) {
  const std::int64_t axis = *l.content(1)[0].constant();
  const Split s = split_at(l.shape(0), from_front(axis, l.type(0).rank()));
  const HostKernel kernel = by_dtype(l.type(0).dtype, NumericTypes{}, []<class T>(std::type_identity<T>) {
    return host(&ref::cum_sum<T>);
  });
  l.reference("ref::cum_sum", "kernels/ref/cum_sum.hpp", kernel,
              {write(l.out_dense()), read(l.in_dense(0)), runtime_size(s.outer), runtime_size(s.axis), runtime_size(s.inner),
               flag(l.node.attr_int("exclusive", 0) != 0), flag(l.node.attr_int("reverse", 0) != 0)});
}

}  // namespace

extern const Op op_CumSum = {.name = "CumSum",
                             .inputs = {{"x", types::numeric}, {"axis", types::index}},
                             .attributes = {{"exclusive", AttributeKind::integer}, {"reverse", AttributeKind::integer}},
                             .infer = infer,
                             .lower = lower,
                             .versions = "11, 14"};

}  // namespace inferc
