#include <fmt/format.h>

#include "compiler/ops/quantize.hpp"
#include "kernels/ref/quantize.hpp"

namespace inferc {
namespace {

// The zero point's type, else attribute output_dtype, else uint8.
void infer(Infer& i) {
  const auto stated = static_cast<int>(i.node.attr_int("output_dtype", 0));
  DType type = i.has(2) ? i.dtype(2) : DType::uint8;
  if (stated != 0) {
    const auto named = dtype_from_onnx(stated);
    if (!named || !quantized::words.has(*named)) {
      i.fail(fmt::format("output_dtype {} is not supported", named ? std::string(name(*named)) : std::to_string(stated)));
      return;
    }
    if (i.has(2) && *named != type) {
      i.fail("output_dtype differs from the type of the zero point");
      return;
    }
    type = *named;
  }
  if (quantized::check_granularity(i, 1)) i.out(0, type, i.shape(0));
}

void lower(Lower& l) {
  const DType type = l.out_type().dtype;
  const auto o = quantized::operands(l, type);
  const HostKernel kernel = by_dtype(type, quantized::Words{}, [&]<class O>(std::type_identity<O>) {
    return by_dtype(l.type(0).dtype, Types<float, std::int32_t>{}, []<class X>(std::type_identity<X>) {
      return host(&ref::quantize_linear<O, X, max_rank>);
    });
  });
  l.reference("ref::quantize_linear", "kernels/ref/quantize.hpp", kernel,
              {write_view(o.out), read_view(o.x), read_view(o.scale), read_view(o.zero)})
      .flops = Dim(2) * product(l.shape(0));
}

}  // namespace

extern const Op op_QuantizeLinear = {.name = "QuantizeLinear",
                                     .inputs = {{"x", TypeSet{DType::float32, DType::int32}},
                                                {"y_scale", TypeSet{DType::float32}},
                                                {"y_zero_point", quantized::words, Port::Arity::optional}},
                                     .attributes = {{"axis", AttributeKind::integer},
                                                    {"block_size", AttributeKind::integer},
                                                    {"output_dtype", AttributeKind::integer},
                                                    {"precision", AttributeKind::integer},
                                                    {"saturate", AttributeKind::integer}},
                                     .infer = infer,
                                     .lower = lower,
                                     .versions = "10, 13, 19, 21, 23, 24, 25"};

}  // namespace inferc
