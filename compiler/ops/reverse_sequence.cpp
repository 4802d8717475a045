#include "kernels/ref/reverse_sequence.hpp"

#include <fmt/format.h>

#include "compiler/ops/format.hpp"
#include "compiler/ops/op.hpp"

namespace inferc::op_ReverseSequence {
namespace {

std::int64_t time_axis(const Node& n) { return n.attr_int("time_axis", 0); }

void infer(Infer& i) {
  const std::int64_t batch = i.node.attr_int("batch_axis", 1), time = time_axis(i.node);
  if (time + batch != 1 || time * batch != 0) {
    i.fail(fmt::format("time_axis is {} and batch_axis is {}", time, batch), "one must be 0, the other 1");
    return;
  }
  if (i.rank(0) < 2 || i.rank(1) != 1) {
    i.fail(fmt::format("the input is {}, its rank must be at least 2; sequence_lens is {}, its rank must be 1", text(i.type(0)), text(i.type(1))));
    return;
  }
  static_cast<void>(i.unify(i.shape(1)[0], i.shape(0)[static_cast<std::size_t>(batch)]));
  i.out(0, i.dtype(0), i.shape(0));
}

void lower(Lower& l) {
  const bool time_first = time_axis(l.node) == 0;
  const Shape& x = l.shape(0);
  l.bound_indices(l.in(1), Dim(0), x[time_first ? 0 : 1]);
  const HostKernel kernel = by_width(l.type(0).dtype, []<class T>(std::type_identity<T>) { return host(&ref::reverse_sequence<T>); });
  l.reference("ref::reverse_sequence", "kernels/ref/reverse_sequence.hpp", kernel,
              {write(l.out_dense()), read(l.in_dense(0)), read(l.in_dense(1)), runtime_size(x[time_first ? 0 : 1]), runtime_size(x[time_first ? 1 : 0]),
               runtime_size(product({x.begin() + 2, x.end()})), flag(time_first)})
      .may_fault = true;
}

}  // namespace

extern const Op op = {.name = "ReverseSequence",
                      .inputs = {{"input", types::any}, {"sequence_lens", types::int64}},
                      .attributes = {{"batch_axis", AttributeKind::integer}, {"time_axis", AttributeKind::integer}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "10"};

}  // namespace inferc::op_ReverseSequence
