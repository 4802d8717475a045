#include "compiler/ops/microsoft.hpp"

#include <fmt/format.h>

#include <array>

#include "compiler/ops/quantize.hpp"

namespace inferc::microsoft {
namespace {

std::string activation_of(const Node& n) { return n.attr("activation", std::string()); }

// A zero point is a scalar or of one element; omitted it is 0 of the other operand's type.
Value* zero_point(Expand& e, std::size_t k, DType t) { return e.has(k) ? e.in(k) : e.constant(Tensor(t, {})); }

Value* as_scalar(Expand& e, Value* v) { return v->type->rank() == 0 ? v : e("Reshape", {v, e.integers({})}); }

}  // namespace

Attributes kept(const Node& n, std::initializer_list<const char*> keys) {
  Attributes out;
  for (const char* key : keys)
    if (const auto at = n.attributes.find(key); at != n.attributes.end()) out.insert(*at);
  return out;
}

Attributes epsilon(const Node& n, float otherwise) { return {{"epsilon", n.attr("epsilon", otherwise)}}; }

void infer_activation(Infer& i) {
  const std::string name = activation_of(i.node);
  constexpr std::array known{"", "Relu", "LeakyRelu", "Sigmoid", "Tanh", "HardSigmoid", "Clip"};
  if (std::find(known.begin(), known.end(), name) == known.end())
    i.fail(fmt::format("activation '{}' is not supported", escape(name)), "Relu, LeakyRelu, Sigmoid, Tanh, HardSigmoid, Clip");
}

Value* activated(Expand& e, Value* v, const std::vector<float>& parameters) {
  const std::string name = activation_of(e.node);
  if (name.empty()) return v;
  const auto parameter = [&](std::size_t k, float otherwise) { return k < parameters.size() ? parameters[k] : otherwise; };
  if (name == "LeakyRelu") return e(name, {v}, {{"alpha", parameter(0, 0.01f)}});
  if (name == "HardSigmoid") return e(name, {v}, {{"alpha", parameter(0, 0.2f)}, {"beta", parameter(1, 0.5f)}});
  if (name != "Clip") return e(name, {v});
  constexpr float largest = std::numeric_limits<float>::max();
  const auto bound = [&](std::size_t k, float otherwise) { return e.real(static_cast<double>(parameter(k, otherwise)), v->type->dtype); };
  return e("Clip", {v, bound(0, -largest), bound(1, largest)});
}

void infer_skip(Infer& i) {
  if (is_read(i.node, 1) || is_read(i.node, 2)) i.fail("its outputs 'mean' and 'inv_std_var' are not supported", "only training reads them");
}

Value* skip_sum(Expand& e, std::size_t bias) {
  Value* sum = e("Add", {e.in(0), e.in(1)});
  return e.has(bias) ? e("Add", {sum, e.in(bias)}) : sum;
}

bool check_scales(Infer& i, std::initializer_list<std::size_t> scales) {
  for (const std::size_t scale : scales)
    for (const std::size_t k : {scale, scale + 1})
      if (i.has(k) && !product(i.shape(k)).is(1)) return i.fail(fmt::format("scales and zero points must be scalars, input {} is {}", k, text(i.type(k))));
  return true;
}

Value* dequantized(Expand& e, std::size_t k) {
  return e("DequantizeLinear", {e.in(k), as_scalar(e, e.in(k + 1)), as_scalar(e, zero_point(e, k + 2, e.type(k).dtype))});
}

Value* quantized(Expand& e, Value* v, std::size_t scale, DType t) {
  return e("QuantizeLinear", {v, as_scalar(e, e.in(scale)), as_scalar(e, zero_point(e, scale + 1, t))});
}

std::vector<Port> unary_ports() {
  return {{"X", inferc::quantized::bytes, Port::Arity::required, 'T'},
          {"X_scale", TypeSet{DType::float32}},
          {"X_zero_point", inferc::quantized::bytes, Port::Arity::optional, 'T'},
          {"Y_scale", TypeSet{DType::float32}},
          {"Y_zero_point", inferc::quantized::bytes, Port::Arity::optional, 'T'}};
}

void infer_unary(Infer& i) { check_scales(i, {1, 3}); }

void infer_pool(Infer& i) {
  infer_unary(i);
  if (i.node.attr_int("channels_last", 0) != 0) i.fail("channels_last is not supported", "export it with the channels second");
}

bool expand_unary(Expand& e, const char* op, Attributes attributes) {
  Value* x = dequantized(e, 0);
  e.give(0, quantized(e, e(op, {x}, std::move(attributes)), 3, e.type(0).dtype));
  return true;
}

std::vector<Port> binary_ports() {
  return {{"A", inferc::quantized::bytes, Port::Arity::required, 'T'},
          {"A_scale", TypeSet{DType::float32}},
          {"A_zero_point", inferc::quantized::bytes, Port::Arity::optional, 'T'},
          {"B", inferc::quantized::bytes, Port::Arity::required, 'T'},
          {"B_scale", TypeSet{DType::float32}},
          {"B_zero_point", inferc::quantized::bytes, Port::Arity::optional, 'T'},
          {"C_scale", TypeSet{DType::float32}},
          {"C_zero_point", inferc::quantized::bytes, Port::Arity::optional, 'T'}};
}

void infer_binary(Infer& i) { check_scales(i, {1, 4, 6}); }

bool expand_binary(Expand& e, const char* op) {
  e.give(0, quantized(e, e(op, {dequantized(e, 0), dequantized(e, 3)}), 6, e.type(0).dtype));
  return true;
}

}  // namespace inferc::microsoft
