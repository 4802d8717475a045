#include <fmt/format.h>

#include "compiler/ops/fixed.hpp"
#include "kernels/ref/fixed.hpp"

namespace inferc::op_FixedAdd {
namespace {

enum : std::size_t { a, b, table, steps };
constexpr std::int64_t most_shift = 31;

std::int64_t shift(const Node& n, const char* name) { return n.attr_int(name, 0); }

void infer(Infer& i) {
  for (const char* name : {"shift_a", "shift_b"})
    if (shift(i.node, name) < 0 || shift(i.node, name) > most_shift) {
      i.fail(fmt::format("attribute '{}' is {}", name, shift(i.node, name)));
      return;
    }
  if (i.rank(a) != i.rank(b)) {
    i.fail(fmt::format("its operands are {} and {}", text(i.type(a)), text(i.type(b))));
    return;
  }
  for (std::size_t d = 0; d < i.shape(a).size(); ++d) static_cast<void>(i.unify(i.shape(a)[d], i.shape(b)[d]));
  if (!i.failed() && fixed::check_steps(i, table, Dim(1))) i.out(0, fixed::result_type(i.node), i.shape(a));
}

void lower(Lower& l) {
  const HostKernel kernel = by_dtype(l.out_type().dtype, fixed::ResultTypes{}, [&]<class O>(std::type_identity<O>) {
    return by_dtype(l.type(a).dtype, fixed::StoredTypes{}, []<class X>(std::type_identity<X>) { return host(&ref::fixed_add<O, X>); });
  });
  const Dim all = product(l.shape(a));
  std::vector<Arg> args{write(l.out_dense()), read(l.in_dense(a)), read(l.in_dense(b)), integer(shift(l.node, "shift_a")), integer(shift(l.node, "shift_b"))};
  fixed::append_steps(l, args, table);
  args.insert(args.end(), {runtime_size(all), fixed::unit(l.node)});
  l.reference("ref::fixed_add", "kernels/ref/fixed.hpp", kernel, std::move(args)).flops = all;
}

bool lower_fast(Lower& l) {
  const Dim all = product(l.shape(a));
  Call& c = l.fast("cpu::quantized::add", "kernels/cpu/quantized/map.hpp",
                   {range(0, Dim(1)), write(l.out_dense()), read(l.in_dense(a)), read(l.in_dense(b)),
                    read(fixed::packed_table(l, table, fixed::is_wide(l.node))), size(all)});
  const fixed::Finish finish = fixed::finish(l.node, *l.constant(steps));
  c.template_args = {std::to_string(shift(l.node, "shift_a")), std::to_string(shift(l.node, "shift_b")), finish.steps, finish.result};
  c.flops = all;
  return true;
}

}  // namespace

// A 2^shift_a + B 2^shift_b of tensors of one shape, the sums through the steps.
extern const Op op = {.name = "FixedAdd",
                      .domain = "inferc",
                      .inputs = {{"A", fixed::stored_types, Port::Arity::required, 'T'},
                                 {"B", fixed::stored_types, Port::Arity::required, 'T'},
                                 {"table", types::int64},
                                 {"steps", types::int64}},
                      .attributes = fixed::attributes({{"shift_a", AttributeKind::integer}, {"shift_b", AttributeKind::integer}}),
                      .infer = infer,
                      .lower = lower,
                      .lower_fast = lower_fast};

}  // namespace inferc::op_FixedAdd
