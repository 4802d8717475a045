#pragma once
#include <algorithm>

#include "compiler/ops/expansion.hpp"

// Operators of com.microsoft, which optimisers of ONNX Runtime write, as nodes of ONNX.
namespace inferc::microsoft {

// The attributes of `n` among `keys`.
[[nodiscard]] Attributes kept(const Node& n, std::initializer_list<const char*> keys);
[[nodiscard]] Attributes epsilon(const Node& n, float otherwise);

// Attribute activation: none or one of Relu, LeakyRelu, Sigmoid, Tanh, HardSigmoid, Clip.
bool check_activation(Infer& i);
// `parameters`: alpha and beta, or the bounds of Clip.
Value* activated(Expand& e, Value* v, const std::vector<float>& parameters);

// Outputs mean and inv_std_var, which only training reads.
bool check_skip(Infer& i);
// input + skip, and input `bias` if given.
Value* skip_sum(Expand& e, std::size_t bias);

// The inputs `scales`, and the zero points behind them, are scalars.
bool check_scales(Infer& i, std::initializer_list<std::size_t> scales);
// Input k with the scale and zero point behind it as float32.
Value* dequantized(Expand& e, std::size_t k);
// `v` with the scale of input `scale` and the zero point behind it as `t`.
Value* quantized(Expand& e, Value* v, std::size_t scale, DType t);

}  // namespace inferc::microsoft
