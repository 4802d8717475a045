#include <fmt/format.h>

#include "compiler/ops/op.hpp"
#include "kernels/ref/normalization.hpp"

namespace inferc::op_LpNormalization {
namespace {

void infer(Infer& i) {
  const std::int64_t p = i.node.attr_int("p", 2);
  if (p != 1 && p != 2) i.fail(fmt::format("p is {}, 1 and 2 are defined", p));
  else if (i.axis_attr(-1, i.rank(0))) i.out(0, i.dtype(0), i.shape(0));
}

void lower(Lower& l) {
  const std::int64_t axis = l.node.attr_int("axis", -1);
  const Split s = split_at(l.shape(0), from_front(axis, l.type(0).rank()));
  const HostKernel kernel = by_dtype(l.type(0).dtype, FloatTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::lp_normalization<T>); });
  Call& c = l.reference(
      "ref::lp_normalization", "kernels/ref/normalization.hpp", kernel,
      {write(l.out_dense()), read(l.in_dense(0)), runtime_size(s.outer), runtime_size(s.axis), runtime_size(s.inner), integer(l.node.attr_int("p", 2))});
  c.in_place = {{0, 1}};
  c.flops = Dim(3) * product(l.shape(0));
}

}  // namespace

extern const Op op = {.name = "LpNormalization",
                      .inputs = {{"input", types::floats}},
                      .attributes = {{"axis", AttributeKind::integer}, {"p", AttributeKind::integer}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "1, 22"};

}  // namespace inferc::op_LpNormalization
