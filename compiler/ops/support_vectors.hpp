#pragma once
#include "compiler/ops/scores.hpp"

// The kernels of support vector machines.
namespace inferc::support_vectors {

// Features of each of `count` vectors; 0 where the attributes do not fit.
[[nodiscard]] std::int64_t features(const Node& n, std::int64_t count);
// kernel_type and kernel_params (gamma, coef0, degree) are ONNX's.
bool check_kernel(Infer& i);
// K [rows, count] of X [rows, features] with the support vectors.
Value* kernel(Expand& e, Value* x, std::int64_t count);

}  // namespace inferc::support_vectors
