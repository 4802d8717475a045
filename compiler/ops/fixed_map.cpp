#include "compiler/ops/fixed.hpp"
#include "kernels/ref/fixed.hpp"

namespace inferc::op_FixedMap {
namespace {

enum : std::size_t { x, table, steps };

Dim columns(const Shape& s) { return s.empty() ? Dim(1) : s.back(); }

void infer(Infer& i) {
  if (fixed::check_steps(i, table, columns(i.shape(x)))) i.out(0, fixed::result_type(i.node), i.shape(x));
}

HostKernel kernel(const Lower& l) {
  return by_dtype(l.out_type().dtype, fixed::ResultTypes{}, [&]<class O>(std::type_identity<O>) {
    return by_dtype(l.type(x).dtype, fixed::StoredTypes{}, []<class X>(std::type_identity<X>) { return host(&ref::fixed_map<O, X>); });
  });
}

void lower(Lower& l) {
  const Dim cols = fixed::table_columns(l, table).is(1) ? Dim(1) : columns(l.shape(x)), all = product(l.shape(x));
  std::vector<Arg> args{write(l.out_dense()), read(l.in_dense(x))};
  fixed::append_steps(l, args, table);
  args.insert(args.end(), {runtime_size(cols.is(1) ? all : product({l.shape(x).begin(), l.shape(x).end() - 1})), runtime_size(cols),
                           runtime_size(fixed::table_columns(l, table)), fixed::unit(l.node)});
  l.reference("ref::fixed_map", "kernels/ref/fixed.hpp", kernel(l), std::move(args)).flops = all;
}

// Rows of the last axis where its columns differ, else one row of everything.
bool lower_fast(Lower& l) {
  const bool flat = fixed::table_columns(l, table).is(1);
  const Dim all = product(l.shape(x)), cols = flat ? all : l.shape(x).back();
  const Dim rows = flat ? Dim(1) : product({l.shape(x).begin(), l.shape(x).end() - 1});
  Call& c = l.fast("cpu::quantized::map", "kernels/cpu/quantized/map.hpp",
                   {range(0, rows), write(l.out_dense()), read(l.in_dense(x)), read(fixed::packed_table(l, table, fixed::is_wide(l.node))), size(cols)});
  const fixed::Finish finish = fixed::finish(l.node, *l.constant(steps));
  c.template_args = {finish.steps, finish.result};
  c.flops = all;
  return true;
}

}  // namespace

// Every element through the steps.
extern const Op op = {.name = "FixedMap",
                      .domain = "inferc",
                      .inputs = {{"X", fixed::stored_types}, {"table", types::int64}, {"steps", types::int64}},
                      .attributes = fixed::attributes(),
                      .infer = infer,
                      .lower = lower,
                      .lower_fast = lower_fast};

}  // namespace inferc::op_FixedMap
