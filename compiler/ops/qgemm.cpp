#include <fmt/format.h>

#include "compiler/ops/microsoft.hpp"
#include "compiler/ops/quantize.hpp"

namespace inferc::op_QGemm {
namespace {

void infer(Infer& i) {
  if (i.rank(0) != 2 || i.rank(3) != 2)
    i.fail(fmt::format("A is {} and B is {}, both must be matrices", text(i.type(0)), text(i.type(3))), "put a Reshape before it");
  else if (i.has(8) && !i.has(7)) i.fail("a y_zero_point without y_scale", "give both, or neither for a float32 result");
  else microsoft::check_scales(i, {1});
  if (!i.failed() && i.has(7)) microsoft::check_scales(i, {7});
}

Value* turned(Expand& e, std::size_t k, const char* key) {
  return e.node.attr_int(key, 0) == 0 ? e.in(k) : e("Transpose", {e.in(k)}, {{"perm", std::vector<std::int64_t>{1, 0}}});
}

// The product in integers, plus C, times alpha a_scale b_scale.
bool expand(Expand& e) {
  Value* sum = e("MatMulInteger", {turned(e, 0, "transA"), turned(e, 3, "transB"), e.in(2), e.in(5)});
  if (e.has(6)) sum = e("Add", {sum, e.in(6)});
  Value* scale = e("Mul", {e("Mul", {e.in(1), e.in(4)}), e.real(static_cast<double>(e.node.attr("alpha", 1.0f)))});
  Value* y = e("Mul", {e.cast(sum, DType::float32), scale});
  const DType t = e.has(8) ? e.type(8).dtype : e.type(0).dtype;
  e.give(0, e.has(7) ? microsoft::quantized(e, y, 7, t) : y);
  return true;
}

}  // namespace

extern const Op op = {.name = "QGemm",
                      .domain = "com.microsoft",
                      .inputs = {{"A", quantized::bytes, Port::Arity::required, 'A'},
                                 {"a_scale", TypeSet{DType::float32}},
                                 {"a_zero_point", quantized::bytes, Port::Arity::required, 'A'},
                                 {"B", quantized::bytes, Port::Arity::required, 'B'},
                                 {"b_scale", TypeSet{DType::float32}},
                                 {"b_zero_point", quantized::bytes, Port::Arity::required, 'B'},
                                 {"C", TypeSet{DType::int32}, Port::Arity::optional},
                                 {"y_scale", TypeSet{DType::float32}, Port::Arity::optional},
                                 {"y_zero_point", quantized::bytes, Port::Arity::optional}},
                      .attributes = {{"alpha", AttributeKind::real}, {"transA", AttributeKind::integer}, {"transB", AttributeKind::integer}},
                      .infer = infer,
                      .expand = expand,
                      .versions = "1"};

}  // namespace inferc::op_QGemm
