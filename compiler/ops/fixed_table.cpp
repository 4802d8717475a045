#include <fmt/format.h>

#include "compiler/ops/fixed.hpp"
#include "kernels/ref/fixed.hpp"

namespace inferc {
namespace {

enum : std::size_t { x, table };

void infer(Infer& i) {
  if (i.rank(table) != 1 || !i.node.in(table)->constant) {
    i.fail(fmt::format("its table is {}, a constant vector is defined", text(i.type(table))));
    return;
  }
  i.out(0, i.dtype(table), i.shape(x));
}

std::int64_t first(const Node& n) { return n.attr_int("first", 0); }

void lower(Lower& l) {
  const HostKernel kernel = by_dtype(l.out_type().dtype, fixed::ResultTypes{}, [&]<class O>(std::type_identity<O>) {
    return by_dtype(l.type(x).dtype, fixed::StoredTypes{}, []<class X>(std::type_identity<X>) { return host(&ref::fixed_table<O, X>); });
  });
  const Dim all = product(l.shape(x));
  l.reference("ref::fixed_table", "kernels/ref/fixed.hpp", kernel,
              {write(l.out_dense()), read(l.in_dense(x)), read(l.in_dense(table)), integer(first(l.node)), runtime_size(all)})
      .flops = all;
}

bool lower_fast(Lower& l) {
  const Dim all = product(l.shape(x));
  Call& c = l.fast("cpu::quantized::table", "kernels/cpu/quantized/map.hpp",
                   {range(0, Dim(1)), write(l.out_dense()), read(l.in_dense(x)), read(l.weight(*l.constant(table))), size(all)});
  c.template_args = {std::to_string(first(l.node))};
  c.flops = all;
  return true;
}

}  // namespace

// table[X - first]; no element of X is outside of the table.
extern const Op op_FixedTable = {.name = "FixedTable",
                                 .domain = "inferc",
                                 .inputs = {{"X", fixed::stored_types}, {"table", fixed::stored_types | TypeSet{DType::float32}}},
                                 .attributes = {{"first", AttributeKind::integer}, {"near", AttributeKind::integers}},
                                 .infer = infer,
                                 .lower = lower,
                                 .lower_fast = lower_fast};

}  // namespace inferc
