#pragma once
#include <algorithm>

#include "compiler/ops/expansion.hpp"

// Operators of com.microsoft, which optimisers of ONNX Runtime write, as nodes of ONNX.
namespace inferc::microsoft {

// The attributes of `n` among `keys`.
[[nodiscard]] Attributes kept(const Node& n, std::initializer_list<const char*> keys);
[[nodiscard]] Attributes epsilon(const Node& n, float otherwise);

// Attribute activation: none or one of Relu, LeakyRelu, Sigmoid, Tanh, HardSigmoid, Clip.
void infer_activation(Infer& i);
// `parameters`: alpha and beta, or the bounds of Clip.
Value* activated(Expand& e, Value* v, const std::vector<float>& parameters);

// Outputs mean and inv_std_var, which only training reads.
void infer_skip(Infer& i);
// input + skip, and input `bias` if given.
Value* skip_sum(Expand& e, std::size_t bias);

// The inputs `scales`, and the zero points behind them, are scalars.
bool check_scales(Infer& i, std::initializer_list<std::size_t> scales);
// Input k with the scale and zero point behind it as float32.
Value* dequantized(Expand& e, std::size_t k);
// `v` with the scale of input `scale` and the zero point behind it as `t`.
Value* quantized(Expand& e, Value* v, std::size_t scale, DType t);

// The quantised operators of one tensor: X, X_scale, X_zero_point, Y_scale, Y_zero_point.
[[nodiscard]] std::vector<Port> unary_ports();
void infer_unary(Infer& i);
// `op` on float32 in place of the node.
bool expand_unary(Expand& e, const char* op, Attributes attributes = {});
// Scalars, and attribute channels_last 0.
bool check_pool(Infer& i);
// Zero point k of a kernel in kernels/ref/qlinear.hpp, 0 where it is omitted.
[[nodiscard]] Arg zero_point(Lower& l, std::size_t k);
// The arguments of a pool there: y, x, both scales and zero points, planes.
[[nodiscard]] std::vector<Arg> pool_arguments(Lower& l);
void lower_global_pool(Lower& l);

// Those of two: A and B, each with scale and zero point, then C_scale, C_zero_point. Equal operands broadcast.
[[nodiscard]] std::vector<Port> binary_ports();
void infer_binary(Infer& i);
void lower_binary(Lower& l, std::string kernel, const HostKernel& host);

}  // namespace inferc::microsoft
