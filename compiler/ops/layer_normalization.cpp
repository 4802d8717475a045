#include "compiler/ops/normalization.hpp"
#include "compiler/ops/rows.hpp"
#include "kernels/functors.hpp"
#include "kernels/ref/map.hpp"

namespace inferc::op_LayerNormalization {
namespace {

void infer(Infer& i) {
  const auto axis = i.axis_attr(-1, i.rank(0));
  if (!axis || !normalization::check_stash_type(i)) return;
  const Shape& x = i.shape(0);
  if (!normalization::check_broadcast(i, "Scale", i.shape(1), x)) return;
  if (i.has(2) && !normalization::check_broadcast(i, "B", i.shape(2), x)) return;
  i.out(0, i.dtype(0), x);
  i.out(1, DType::float32, normalization::statistics_shape(x, *axis));
  i.out(2, DType::float32, normalization::statistics_shape(x, *axis));
}

void store_statistic(Lower& l, std::size_t output, const Operand& v) {
  if (!l.node.out(output)) return;
  const HostKernel kernel =
      by_dtype(v.dtype, FloatTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::map1<functors::identity, float, T, max_rank, 0>); });
  l.reference("ref::map1", "kernels/ref/map.hpp", kernel, {write_view(l.out(output)), read_view(v), ParamsArg{}}).template_args = {"functors::identity"};
}

void lower(Lower& l) {
  const std::int64_t axis = l.node.attr_int("axis", -1);
  const auto first = from_front(axis, l.type(0).rank());
  const Operand x = l.in(0);
  const Operand bias = l.has(2) ? l.in(2) : normalization::filled(l, x.dtype, 0, x.shape);
  const auto m = normalization::moments(l, x, normalization::statistics_shape(x.shape, first), l.node.attr("epsilon", 1e-5f));
  const Operand scale = l.in(1);
  normalization::normalize(l, l.out(), x, m, scale, bias);
  store_statistic(l, 1, m.mean);
  store_statistic(l, 2, m.inv);
}

bool lower_fast(Lower& l) {
  const std::int64_t axis = l.node.attr_int("axis", -1);
  const auto first = from_front(axis, l.type(0).rank());
  if (l.type(0).dtype != DType::float32 || l.node.out(1) || l.node.out(2)) return false;
  const Dim length = product({l.shape(0).begin() + static_cast<std::ptrdiff_t>(first), l.shape(0).end()});
  std::vector<Accessor> operands;
  for (std::size_t k = 1; k < 3; ++k) {
    if (!l.has(k)) continue;
    const auto a = rows::along_row(l, k, length);
    if (!a) return false;
    operands.push_back(*a);
  }
  normalization::rows(l, "cpu::layer_norm", first, std::move(operands)).flops = Dim(8) * product(l.shape(0));
  return true;
}

}  // namespace

extern const Op op = {.name = "LayerNormalization",
                      .inputs = {{"X", types::floats, Port::Arity::required, 'T'},
                                 {"Scale", types::floats, Port::Arity::required, 'T'},
                                 {"B", types::floats, Port::Arity::optional, 'T'}},
                      .max_outputs = 3,
                      .attributes = {{"axis", AttributeKind::integer}, {"epsilon", AttributeKind::real}, {"stash_type", AttributeKind::integer}},
                      .infer = infer,
                      .lower = lower,
                      .lower_fast = lower_fast,
                      .versions = "17"};

}  // namespace inferc::op_LayerNormalization
