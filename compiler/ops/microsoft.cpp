#include "compiler/ops/microsoft.hpp"

#include <fmt/format.h>

#include <array>

#include "compiler/ops/quantize.hpp"
#include "kernels/ref/qlinear.hpp"

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
      if (i.has(k) && !product(i.shape(k)).is(1))
        return i.fail(fmt::format("scales and zero points must be scalars, input {} is {}", k, text(i.type(k))), "quantise it per tensor");
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

bool check_pool(Infer& i) {
  if (i.node.attr_int("channels_last", 0) != 0) return i.fail("channels_last is not supported", "export it with the channels second");
  return check_scales(i, {1, 3});
}

Arg zero_point(Lower& l, std::size_t k) { return read(l.has(k) ? l.in_dense(k) : l.weight(Tensor(l.type(0).dtype, {1}))); }

std::vector<Arg> pool_arguments(Lower& l) {
  return {write(l.out_dense()),
          read(l.in_dense(0)),
          read(l.in_dense(1)),
          zero_point(l, 2),
          read(l.in_dense(3)),
          zero_point(l, 4),
          runtime_size(l.shape(0)[0] * l.shape(0)[1])};
}

void lower_global_pool(Lower& l) {
  const Dim size = product({l.shape(0).begin() + 2, l.shape(0).end()});
  const HostKernel kernel =
      by_dtype(l.type(0).dtype, inferc::quantized::Bytes{}, []<class T>(std::type_identity<T>) { return host(&ref::qlinear_global_average_pool<T>); });
  std::vector<Arg> args = pool_arguments(l);
  args.push_back(runtime_size(size));
  l.reference("ref::qlinear_global_average_pool", "kernels/ref/qlinear.hpp", kernel, std::move(args)).flops = product(l.shape(0));
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

void infer_binary(Infer& i) {
  if (check_scales(i, {1, 4, 6})) i.out(0, i.dtype(0), i.broadcast(i.shape(0), i.shape(3)));
}

// ONNX Runtime adds the operand last whose elements change along the innermost axis that is no axis of one.
bool swapped(const Lower& l) {
  const Shape &a = l.shape(0), &b = l.shape(3);
  const auto is_one = [](const Shape& s, std::size_t back) { return back >= s.size() || s[s.size() - 1 - back].is(1); };
  for (std::size_t back = 0; back < std::max(a.size(), b.size()); ++back)
    if (!is_one(a, back) || !is_one(b, back)) return is_one(a, back);
  return false;
}

void lower_binary(Lower& l, std::string kernel, const HostKernel& host) {
  const Shape& shape = l.out_type().shape;
  const std::size_t a = swapped(l) ? 3 : 0, b = 3 - a;
  l.reference(std::move(kernel), "kernels/ref/qlinear.hpp", host,
              {write_view(l.out()), read_view(broadcast_view(l.in(a), shape)), read_view(broadcast_view(l.in(b), shape)), read(l.in_dense(a + 1)),
               zero_point(l, a + 2), read(l.in_dense(b + 1)), zero_point(l, b + 2), read(l.in_dense(6)), zero_point(l, 7)})
      .flops = Dim(4) * product(shape);
}

}  // namespace inferc::microsoft
