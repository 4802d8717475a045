#include <fmt/format.h>

#include "compiler/ops/format.hpp"
#include "compiler/ops/quantize.hpp"
#include "kernels/ref/quantize.hpp"
#include "kernels/ref/quantize_low.hpp"

namespace inferc::op_QuantizeLinear {
namespace {

constexpr TypeSet element_types = quantized::words | quantized::low;

// The zero point's type, else attribute output_dtype, else uint8.
void infer(Infer& i) {
  const auto stated = static_cast<int>(i.node.attr_int("output_dtype", 0));
  DType type = i.has(2) ? i.dtype(2) : DType::uint8;
  if (stated != 0) {
    const auto named = dtype_from_onnx(stated);
    if (!named || !element_types.has(*named)) {
      i.fail(fmt::format("output_dtype {} is not supported", named ? std::string(name(*named)) : std::to_string(stated)));
      return;
    }
    if (i.has(2) && *named != type) {
      i.fail("output_dtype differs from the type of the zero point");
      return;
    }
    type = *named;
  }
  const auto precision = static_cast<DType>(i.node.attr_int("precision", 0));
  if (precision != DType::undefined && precision != DType::float32 && !types::halves.has(precision)) {
    i.fail("precision is float32, float16 or bfloat16");
    return;
  }
  if (quantized::check_granularity(i, 1)) i.out(0, type, i.shape(0));
}

// Other element types, or a quotient of 16 bits.
template <class O, class Q>
HostKernel low_kernel(DType x, bool saturate) {
  return by_dtype(x, Types<float, std::int32_t>{}, [&]<class X>(std::type_identity<X>) {
    return saturate ? host(&ref::quantize_low<O, true, Q, X, max_rank>) : host(&ref::quantize_low<O, false, Q, X, max_rank>);
  });
}

void lower_low(Lower& l) {
  const DType type = l.out_type().dtype, x = l.type(0).dtype;
  const auto o = quantized::operands(l, type);
  const auto precision = static_cast<DType>(l.node.attr_int("precision", 0));
  const bool saturate = l.node.attr_int("saturate", 1) != 0;
  const HostKernel kernel = by_format(type, [&]<class O>(std::type_identity<O>) -> HostKernel {
    if constexpr (std::is_floating_point_v<O> || std::is_same_v<O, bool> || formats::is_half<O> || sizeof(formats::Stored<O>) > 2)
      internal_error("no quantised type");
    else if (precision == DType::float16) return low_kernel<O, ref::through<formats::float16>>(x, saturate);
    else if (precision == DType::bfloat16) return low_kernel<O, ref::through<formats::bfloat16>>(x, saturate);
    else return low_kernel<O, ref::in_float>(x, saturate);
  });
  Call& c =
      l.reference("ref::quantize_low", "kernels/ref/quantize_low.hpp", kernel, {write_view(o.out), read_view(o.x), read_view(o.scale), read_view(o.zero)});
  c.template_args = {format(type), saturate ? "true" : "false", types::halves.has(precision) ? "ref::through<" + format(precision) + ">" : "ref::in_float"};
  c.flops = Dim(2) * product(l.shape(0));
}

void lower(Lower& l) {
  const DType type = l.out_type().dtype;
  if (quantized::low.has(type) || types::halves.has(static_cast<DType>(l.node.attr_int("precision", 0)))) return lower_low(l);
  const auto o = quantized::operands(l, type);
  const HostKernel kernel = by_dtype(type, quantized::Words{}, [&]<class O>(std::type_identity<O>) {
    return by_dtype(l.type(0).dtype, Types<float, std::int32_t>{}, []<class X>(std::type_identity<X>) { return host(&ref::quantize_linear<O, X, max_rank>); });
  });
  l.reference("ref::quantize_linear", "kernels/ref/quantize.hpp", kernel, {write_view(o.out), read_view(o.x), read_view(o.scale), read_view(o.zero)}).flops =
      Dim(2) * product(l.shape(0));
}

// Of float32 by one scale.
bool lower_fast(Lower& l) {
  const DType t = l.out_type().dtype;
  if (!quantized::words.has(t) || l.type(0).dtype != DType::float32 || !product(l.shape(1)).is(1)) return false;
  if (types::halves.has(static_cast<DType>(l.node.attr_int("precision", 0)))) return false;
  quantized::by_one_scale(l, "cpu::quantized::quantize_linear", t);
  return true;
}

}  // namespace

extern const Op op = {
    .name = "QuantizeLinear",
    .inputs = {{"x", quantized::scales | TypeSet{DType::int32}}, {"y_scale", quantized::scales}, {"y_zero_point", element_types, Port::Arity::optional}},
    .attributes = {{"axis", AttributeKind::integer},
                   {"block_size", AttributeKind::integer},
                   {"output_dtype", AttributeKind::integer},
                   {"precision", AttributeKind::integer},
                   {"saturate", AttributeKind::integer}},
    .infer = infer,
    .lower = lower,
    .lower_fast = lower_fast,
    .versions = "10, 13, 19, 21, 23, 24, 25"};

}  // namespace inferc::op_QuantizeLinear
