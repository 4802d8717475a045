#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "compiler/ir/graph.hpp"

namespace inferc {

// What an operation may grow to when it is evaluated at compile time, in bytes: more would be weights that nobody wants.
inline constexpr std::int64_t largest_folded = std::int64_t{64} << 20;

// Builds typed nodes before a given one, with its origins. Nodes over constants are evaluated at once, but for large results of small operands.
class Edit {
 public:
  Edit(Graph& graph, Node* at) : graph_(graph), at_(at) {}
  // The one output of a new node of ai.onnx. Throws InternalError if its types do not fit.
  Value* operator()(std::string op, std::vector<Value*> inputs, Attributes attributes = {}) const;
  // The same for one of our composites.
  Value* composite(std::string op, std::vector<Value*> inputs, Attributes attributes, std::vector<std::string> origins) const;
  // The operator of `n`, with its attributes, on other operands.
  Value* again(const Node& n, std::vector<Value*> inputs) const;
  // The elements under another shape; the value itself if it has that shape.
  [[nodiscard]] Value* view(Value* v, Shape shape) const;
  [[nodiscard]] Value* transpose(Value* v, std::vector<std::int64_t> permutation) const;
  // The sizes as an int64 tensor: a constant, or a Sizes node where they are symbolic.
  [[nodiscard]] Value* sizes(const Shape& shape) const;
  // All uses of the node's first output read `v` instead, which takes over its name.
  void replace_with(Value* v) const;

 private:
  Value* typed_output(Node* n) const;
  Graph& graph_;
  Node* at_;
};

[[nodiscard]] inline bool is_float32(const Value* v) { return v && v->type && v->type->dtype == DType::float32; }

// Whether `v` is a constant that varies along its last axis only, of size `size` there, or has one element.
[[nodiscard]] bool is_row_constant(const Value* v, const Dim& size);

// The largest magnitude among the elements of a float32 constant.
[[nodiscard]] float largest_magnitude(const Value* v);

}  // namespace inferc
