#include <algorithm>
#include <cmath>

#include "compiler/ops/microsoft.hpp"
#include "compiler/ops/quantize.hpp"
#include "kernels/math64.hpp"

namespace inferc::op_QLinearSoftmax {
namespace {

// The axes that are summed over: from `axis` on before opset 13, else that one.
std::optional<std::int64_t> terms(const Node& n, const Shape& s) {
  const auto rank = static_cast<std::int64_t>(s.size());
  const bool flat = n.attr_int("opset", 13) < 13;
  const auto axis = static_cast<std::ptrdiff_t>(from_front(n.attr_int("axis", flat ? 1 : -1), rank));
  return flat ? product({s.begin() + axis, s.end()}).constant() : s[static_cast<std::size_t>(axis)].constant();
}

void infer(Infer& i) {
  microsoft::infer_unary(i);
  const auto axis = i.axis_attr(i.node.attr_int("opset", 13) < 13 ? 1 : -1, i.rank(0));
  if (!axis) return;
  if (!i.node.in(1)->constant || !i.node.in(3)->constant) i.fail("its scales must be known before run time", "export them as initialisers");
  if (!terms(i.node, i.shape(0))) i.fail("the size that it sums over must be known before run time", "--dim SYM=N fixes it");
  i.out(0, i.dtype(0), i.shape(0));
}

float scale(const Expand& e, std::size_t k) { return e.in(k)->constant->as<float>()[0]; }

// exp(-d x_scale) of distances d from the largest element, all by one factor larger, so that a sum of them nearly fills a float.
Value* table(Expand& e, std::int64_t terms) {
  const double x_scale = static_cast<double>(scale(e, 1));
  const double room = std::log(static_cast<double>(std::numeric_limits<float>::max() / static_cast<float>(terms))) - 5;
  const double shift = std::max(0.0, room) / x_scale;
  std::vector<float> values(256);
  for (int d = 0; d < 256; ++d) values[static_cast<std::size_t>(d)] = static_cast<float>(math64::exp((shift - d) * x_scale));
  return e.reals(values, {256});
}

// As ONNX Runtime defines it: y = round(e floor(1 / y_scale) / sum of e) + zero point, e from a table of 256 numbers. It saturates; there
// 128 of int8 wraps to -128.
bool expand(Expand& e) {
  const std::int64_t rank = e.type(0).rank();
  const bool flat = e.node.attr_int("opset", 13) < 13;
  const auto first = static_cast<std::int64_t>(from_front(e.node.attr_int("axis", flat ? 1 : -1), rank));
  std::vector<std::int64_t> axes;
  for (std::int64_t a = first; a < (flat ? rank : first + 1); ++a) axes.push_back(a);
  Value* x = e.cast(e.in(0), DType::int32);
  Value* distance = e("Sub", {e("ReduceMax", {x, e.integers(axes)}), x});
  Value* power = e("Gather", {table(e, *terms(e.node, e.type(0).shape)), distance});
  Value* share = e("Div", {e("Mul", {power, e.real(std::floor(1 / static_cast<double>(scale(e, 3))))}), e("ReduceSum", {power, e.integers(axes)})});
  std::vector<Value*> operands{share, e.real(1)};
  operands.push_back(e.has(4) ? e("Reshape", {e.in(4), e.integers({})}) : e.constant(Tensor(e.type(0).dtype, {})));
  e.give(0, e("QuantizeLinear", operands));
  return true;
}

}  // namespace

extern const Op op = {.name = "QLinearSoftmax",
                      .domain = "com.microsoft",
                      .inputs = microsoft::unary_ports(),
                      .attributes = {{"axis", AttributeKind::integer}, {"opset", AttributeKind::integer}},
                      .infer = infer,
                      .expand = expand,
                      .versions = "1"};

}  // namespace inferc::op_QLinearSoftmax
