#pragma once
#include <optional>
#include <vector>

#include "compiler/ir/graph.hpp"
#include "compiler/passes/fixed_windows.hpp"

namespace inferc {

// A layer of ONNX on bytes with constant weights: MatMulInteger, ConvInteger, QLinearMatMul, QLinearConv.
struct IntegerLayer {
  Value* x;
  std::size_t k, columns;
  FixedWindows windows;               // of a product: `matrix`
  std::vector<std::int64_t> weights;  // [k, columns] without their zero points; of a convolution k counts taps, then (but depthwise) all channels
  std::vector<std::int64_t> bias;     // for each column
  std::int64_t zero_x;
  Value* late_zero_x;              // that of x where it comes at run time, else null
  std::vector<std::int64_t> taps;  // of a convolution: the sizes of its window
  // The result is saturate(round(sum * factor) + zero_y) where these are given, else the sum in 32 bits.
  std::vector<float> factor;
  std::int64_t zero_y;
};

// Nothing where it is no such node, or an operand is none of those that the kernels know.
[[nodiscard]] std::optional<IntegerLayer> integer_layer(const Node& n);

// What follows a sum that one node alone reads, as QGemm is written out: Cast to float32, Mul by `factor`, QuantizeLinear by `divisor`.
struct Requantiser {
  Node* last;
  std::vector<float> factor, divisor;
  std::int64_t zero;
};
[[nodiscard]] std::optional<Requantiser> requantiser(const Graph& graph, Node* sum, std::size_t columns);

// The elements of a constant of integers, one for each column of the last axis or one for all.
[[nodiscard]] std::optional<std::vector<std::int64_t>> integer_columns(const Value* v, std::size_t columns);

}  // namespace inferc
