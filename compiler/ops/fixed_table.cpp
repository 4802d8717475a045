#include <fmt/format.h>

#include "compiler/ops/fixed.hpp"
#include "kernels/ref/fixed.hpp"

namespace inferc::op_FixedTable {
namespace {

enum : std::size_t { x, table, offset };

std::int64_t axis(const Node& n) { return n.attr_int("axis", 0); }

void infer(Infer& i) {
  for (const std::size_t p : {table, offset})
    if (i.rank(p) != 1 || !i.node.in(p)->constant) {
      i.fail(fmt::format("operand {} is {}, a constant vector is defined", p, text(i.type(p))));
      return;
    }
  const Dim& tables = i.shape(offset)[0];
  if (!tables.is(1) && (axis(i.node) < 0 || axis(i.node) >= i.rank(x) || !(i.shape(x)[static_cast<std::size_t>(axis(i.node))] == tables))) {
    i.fail(fmt::format("there are {} tables for {} along axis {}", tables.text(), text(i.type(x)), axis(i.node)));
    return;
  }
  i.out(0, i.dtype(table), i.shape(x));
}

// [outer, tables, inner] of the elements.
Split parts(const Lower& l) {
  if (l.shape(offset)[0].is(1)) return {Dim(1), Dim(1), product(l.shape(x))};
  return split_at(l.shape(x), static_cast<std::size_t>(axis(l.node)));
}

void lower(Lower& l) {
  const HostKernel kernel = by_dtype(l.out_type().dtype, fixed::ResultTypes{}, [&]<class O>(std::type_identity<O>) {
    return by_dtype(l.type(x).dtype, fixed::StoredTypes{}, []<class X>(std::type_identity<X>) { return host(&ref::fixed_table<O, X>); });
  });
  const Split p = parts(l);
  l.reference("ref::fixed_table", "kernels/ref/fixed.hpp", kernel,
              {write(l.out_dense()), read(l.in_dense(x)), read(l.in_dense(table)), read(l.in_dense(offset)), runtime_size(p.outer), runtime_size(p.axis),
               runtime_size(p.inner)})
      .flops = product(l.shape(x));
}

bool lower_fast(Lower& l) {
  const Dim all = product(l.shape(x));
  const char* const header = "kernels/cpu/quantized/map.hpp";
  const Operand y = l.out_dense(), from = l.in_dense(x), entries = l.weight(*l.constant(table));
  if (l.shape(offset)[0].is(1)) {
    Call& c = l.fast("cpu::quantized::table", header, {range(0, Dim(1)), write(y), read(from), read(entries), size(all)});
    c.template_args = {std::to_string(-l.constant(offset)->as<std::int32_t>()[0])};
    c.flops = all;
    return true;
  }
  const Split p = parts(l);
  l.fast("cpu::quantized::tables", header, {range(0, p.outer), write(y), read(from), read(entries), read(l.in_dense(offset)), size(p.axis), size(p.inner)})
      .flops = all;
  return true;
}

}  // namespace

// table[X + offset], one offset for all or for each index of `axis`; no element of X is outside of its table. "near" tells integers of X (and,
// where there are several tables, "near_columns" of which) whose results may be others in float32 than of real numbers.
extern const Op op = {.name = "FixedTable",
                      .domain = "inferc",
                      .inputs = {{"X", fixed::stored_types}, {"table", fixed::stored_types | TypeSet{DType::float32}}, {"offset", {DType::int32}}},
                      .attributes = {{"axis", AttributeKind::integer}, {"near", AttributeKind::integers}, {"near_columns", AttributeKind::integers}},
                      .infer = infer,
                      .lower = lower,
                      .lower_fast = lower_fast};

}  // namespace inferc::op_FixedTable
