#include "kernels/ref/bit_cast.hpp"

#include <fmt/format.h>

#include "compiler/ops/format.hpp"

namespace inferc::op_BitCast {
namespace {

// Small integers take a byte here and less in ONNX.
constexpr TypeSet bits = types::all | types::halves | types::eight_bit_floats | TypeSet{DType::float8e8m0};

void infer(Infer& i) {
  const std::int64_t stated = i.node.attr_int("to", 0);
  const auto to = dtype_from_onnx(static_cast<int>(stated));
  if (!to || !bits.has(*to)) {
    i.fail(fmt::format("attribute 'to' is {}, which is not supported", to ? std::string(name(*to)) : std::to_string(stated)));
    return;
  }
  if (byte_size(*to) != byte_size(i.dtype(0))) i.fail(fmt::format("{} and {} have different widths", name(i.dtype(0)), name(*to)));
  else i.out(0, *to, i.shape(0));
}

void lower(Lower& l) {
  const HostKernel kernel = by_format(l.out_type().dtype, [&]<class To>(std::type_identity<To>) {
    return by_format(l.type(0).dtype, []<class From>(std::type_identity<From>) -> HostKernel {
      using ToElement = formats::Stored<To>;
      using FromElement = formats::Stored<From>;
      if constexpr (sizeof(ToElement) == sizeof(FromElement)) return host(&ref::bit_cast<ToElement, FromElement>);
      else internal_error("BitCast between types of different widths");
    });
  });
  l.reference("ref::bit_cast", "kernels/ref/bit_cast.hpp", kernel, {write(l.out_dense()), read(l.in_dense(0)), runtime_size(product(l.out_type().shape))});
}

}  // namespace

extern const Op op = {
    .name = "BitCast", .inputs = {{"input", bits}}, .attributes = {{"to", AttributeKind::integer}}, .infer = infer, .lower = lower, .versions = "26"};

}  // namespace inferc::op_BitCast
