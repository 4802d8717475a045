#include <fmt/format.h>

#include "compiler/ops/format.hpp"
#include "compiler/ops/op.hpp"
#include "kernels/ref/trilu.hpp"

namespace inferc::op_Trilu {
namespace {

void infer(Infer& i) {
  if (i.rank(0) < 2) {
    i.fail(fmt::format("the input is {}, its rank must be at least 2", text(i.type(0))));
    return;
  }
  if (i.has(1) && !product(i.shape(1)).is(1)) {
    i.fail(fmt::format("input 'k' is {}, it must be a scalar", text(i.type(1))));
    return;
  }
  i.out(0, i.dtype(0), i.shape(0));
}

void lower(Lower& l) {
  const HostKernel kernel = by_width(l.type(0).dtype, []<class T>(std::type_identity<T>) { return host(&ref::trilu<T, max_rank>); });
  const Operand k = l.has(1) ? l.in_dense(1) : l.weight(Tensor(DType::int64, {}));
  l.reference("ref::trilu", "kernels/ref/trilu.hpp", kernel, {write_view(l.out()), read_view(l.in(0)), read(k), flag(l.node.attr_int("upper", 1) != 0)})
      .in_place = {{0, 1}};
}

}  // namespace

extern const Op op = {.name = "Trilu",
                      .inputs = {{"input", types::any}, {"k", types::int64, Port::Arity::optional}},
                      .attributes = {{"upper", AttributeKind::integer}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "14"};

}  // namespace inferc::op_Trilu
