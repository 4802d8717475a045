#include "compiler/ops/normalization.hpp"
#include "compiler/ops/rows.hpp"
#include "kernels/ref/normalization.hpp"

namespace inferc::op_RMSNormalization {
namespace {

void infer(Infer& i) {
  const auto axis = i.axis_attr(-1, i.rank(0));
  if (!axis || !normalization::check_stash_type(i)) return;
  if (!normalization::check_broadcast(i, "scale", i.shape(1), i.shape(0))) return;
  i.out(0, i.dtype(1), i.shape(0));
}

void lower(Lower& l) {
  const std::int64_t axis = l.node.attr_int("axis", -1);
  const auto first = from_front(axis, l.type(0).rank());
  const Operand x = l.in(0), scale = l.in(1);
  const Operand inv = l.temporary(x.dtype, normalization::statistics_shape(x.shape, first));
  const HostKernel statistics = by_dtype(x.dtype, FloatTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::inverse_rms<T, max_rank>); });
  l.reference("ref::inverse_rms", "kernels/ref/normalization.hpp", statistics, {write_view(inv), read_view(x), real64(l.node.attr("epsilon", 1e-5f))}).flops =
      Dim(2) * x.size();
  const HostKernel kernel = by_dtype(x.dtype, FloatTypes{}, [&]<class T>(std::type_identity<T>) {
    return by_dtype(scale.dtype, FloatTypes{}, []<class V>(std::type_identity<V>) { return host(&ref::scale_rows<T, V, max_rank>); });
  });
  l.reference("ref::scale_rows", "kernels/ref/normalization.hpp", kernel,
              {write_view(l.out()), read_view(x), read_view(broadcast_view(inv, x.shape)), read_view(broadcast_view(scale, x.shape))})
      .flops = Dim(2) * x.size();
}

bool lower_fast(Lower& l) {
  const std::int64_t axis = l.node.attr_int("axis", -1);
  const auto first = from_front(axis, l.type(0).rank());
  if (l.type(0).dtype != DType::float32) return false;
  const auto scale = rows::along_row(l, 1, product({l.shape(0).begin() + static_cast<std::ptrdiff_t>(first), l.shape(0).end()}));
  if (!scale) return false;
  normalization::rows(l, "cpu::rms_norm", first, {*scale}).flops = Dim(4) * product(l.shape(0));
  return true;
}

}  // namespace

extern const Op op = {.name = "RMSNormalization",
                      .inputs = {{"X", types::floats}, {"scale", types::floats}},
                      .attributes = {{"axis", AttributeKind::integer}, {"epsilon", AttributeKind::real}, {"stash_type", AttributeKind::integer}},
                      .infer = infer,
                      .lower = lower,
                      .lower_fast = lower_fast,
                      .versions = "23"};

}  // namespace inferc::op_RMSNormalization
