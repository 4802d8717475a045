#pragma once
#include <memory>

#include "compiler/ir/graph.hpp"

// float16 and bfloat16 in arithmetic: a node computes in float32 and rounds each of its results once. Operators that take
// every element type (types::any) only move elements or convert them, and work on the halves themselves.
namespace inferc::halves {

// Elements of the halves as float32, which holds them exactly; other tensors stay.
[[nodiscard]] Tensor to_float32(const Tensor& tensor);

// A scalar of float64, float32 or one of the halves.
[[nodiscard]] Tensor scalar(DType t, double value);

// Puts Casts around a typed node that computes with halves, so that it reads and gives float32 in their place; false where
// nothing was to do.
bool compute_in_float32(Graph& graph, Node* node);

// A typed graph of which no node, in regions neither, computes with halves.
[[nodiscard]] std::unique_ptr<Graph> in_float32(const Graph& graph);

}  // namespace inferc::halves
