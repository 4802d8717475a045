#pragma once
#include "compiler/ir/graph.hpp"

namespace inferc {

// Rounds the constant weights of float32 products (Gemm, MatMul) to bfloat16 and marks their nodes, by which they are stored in 16 bits.
// Not those that would overflow. Results are those of float32 arithmetic with the rounded weights. The last step before the plan, where
// --precision bf16 asks for it. Whether it changed anything.
bool round_weights(Graph& graph);

}  // namespace inferc
