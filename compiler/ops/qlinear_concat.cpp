#include <fmt/format.h>

#include "compiler/ops/microsoft.hpp"
#include "compiler/ops/quantize.hpp"

namespace inferc::op_QLinearConcat {
namespace {

// Y_scale and Y_zero_point, then each operand with its scale and zero point.
void infer(Infer& i) {
  const std::size_t operands = i.node.inputs.size() - 2;
  if (operands % 3 != 0) {
    i.fail(fmt::format("{} inputs behind Y_zero_point, three for each operand are needed", operands));
    return;
  }
  microsoft::check_scales(i, {0});
  for (std::size_t k = 2; k < i.node.inputs.size() && !i.failed(); k += 3) {
    const bool right = i.has(k) && i.has(k + 1) && i.dtype(k) == i.dtype(1) && i.dtype(k + 1) == DType::float32;
    if (!right) i.fail(fmt::format("operand {} must be {} with a float32 scale", k / 3, name(i.dtype(1))));
    else microsoft::check_scales(i, {k + 1});
  }
}

bool expand(Expand& e) {
  std::vector<Value*> parts;
  for (std::size_t k = 2; k < e.node.inputs.size(); k += 3) parts.push_back(microsoft::dequantized(e, k));
  Value* y = e("Concat", parts, {{"axis", e.node.attr_int("axis", 0)}});
  e.give(0, microsoft::quantized(e, y, 0, e.type(1).dtype));
  return true;
}

}  // namespace

extern const Op op = {.name = "QLinearConcat",
                      .domain = "com.microsoft",
                      .inputs = {{"Y_scale", TypeSet{DType::float32}},
                                 {"Y_zero_point", quantized::bytes},
                                 {"inputs", quantized::bytes | TypeSet{DType::float32}, Port::Arity::variadic}},
                      .attributes = {{"axis", AttributeKind::integer}},
                      .infer = infer,
                      .expand = expand,
                      .versions = "1"};

}  // namespace inferc::op_QLinearConcat
