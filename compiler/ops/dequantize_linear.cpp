#include <fmt/format.h>

#include "compiler/ops/format.hpp"
#include "compiler/ops/quantize.hpp"
#include "kernels/ref/quantize.hpp"
#include "kernels/ref/quantize_low.hpp"

namespace inferc::op_DequantizeLinear {
namespace {

constexpr TypeSet element_types = quantized::words | quantized::low | TypeSet{DType::int32};
using ElementTypes = Types<std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t>;

void infer(Infer& i) {
  const std::int64_t stated = i.node.attr_int("output_dtype", 0);
  const DType type = stated == 0 ? i.dtype(1) : dtype_from_onnx(static_cast<int>(stated)).value_or(DType::undefined);
  if (!quantized::scales.has(type)) {
    i.fail(fmt::format("output_dtype {} is not supported, float32, float16 and bfloat16 are", stated));
    return;
  }
  if (quantized::check_granularity(i, 1)) i.out(0, type, i.shape(0));
}

void lower_low(Lower& l) {
  const DType type = l.type(0).dtype;
  const auto o = quantized::operands(l, type);
  const HostKernel kernel = by_format(type, []<class I>(std::type_identity<I>) -> HostKernel {
    if constexpr (formats::is_native<I> || formats::is_half<I>) internal_error("no low-precision type");
    else return host(&ref::dequantize_low<I, max_rank>);
  });
  Call& c =
      l.reference("ref::dequantize_low", "kernels/ref/quantize_low.hpp", kernel, {write_view(o.out), read_view(o.x), read_view(o.scale), read_view(o.zero)});
  c.template_args = {format(type)};
  c.flops = Dim(2) * product(l.shape(0));
}

void lower(Lower& l) {
  if (quantized::low.has(l.type(0).dtype)) return lower_low(l);
  const auto o = quantized::operands(l, l.type(0).dtype);
  const HostKernel kernel =
      by_dtype(l.type(0).dtype, ElementTypes{}, []<class X>(std::type_identity<X>) { return host(&ref::dequantize_linear<X, max_rank>); });
  l.reference("ref::dequantize_linear", "kernels/ref/quantize.hpp", kernel, {write_view(o.out), read_view(o.x), read_view(o.scale), read_view(o.zero)}).flops =
      Dim(2) * product(l.shape(0));
}

// To float32 by one scale.
bool lower_fast(Lower& l) {
  const DType t = l.type(0).dtype;
  if (!quantized::words.has(t) || l.out_type().dtype != DType::float32 || !product(l.shape(1)).is(1)) return false;
  quantized::by_one_scale(l, "cpu::quantized::dequantize_linear", t);
  return true;
}

}  // namespace

extern const Op op = {
    .name = "DequantizeLinear",
    .inputs = {{"x", element_types, Port::Arity::required, 'T'}, {"x_scale", quantized::scales}, {"x_zero_point", element_types, Port::Arity::optional, 'T'}},
    .attributes = {{"axis", AttributeKind::integer}, {"block_size", AttributeKind::integer}, {"output_dtype", AttributeKind::integer}},
    .infer = infer,
    .lower = lower,
    .lower_fast = lower_fast,
    .versions = "10, 13, 19, 21, 23, 24, 25"};

}  // namespace inferc::op_DequantizeLinear
