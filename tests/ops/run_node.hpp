#pragma once
#include <string>
#include <utility>
#include <vector>

#include "compiler/ops/op.hpp"

// One operator on given tensors by its reference kernels.
namespace inferc::test {

template <class T>
Tensor tensor(std::vector<std::int64_t> shape, const std::vector<T>& values) {
  return tensor_of<T>(std::move(shape), std::span<const T>(values));
}
inline Tensor f32(std::vector<std::int64_t> shape, const std::vector<float>& values) { return tensor<float>(std::move(shape), values); }
inline Tensor f64(std::vector<std::int64_t> shape, const std::vector<double>& values) { return tensor<double>(std::move(shape), values); }
inline Tensor i64(std::vector<std::int64_t> shape, const std::vector<std::int64_t>& values) { return tensor<std::int64_t>(std::move(shape), values); }
inline Tensor i32(std::vector<std::int64_t> shape, const std::vector<std::int32_t>& values) { return tensor<std::int32_t>(std::move(shape), values); }

template <class T>
std::vector<T> values(const Tensor& t) {
  return {t.as<T>().begin(), t.as<T>().end()};
}

// A tensor without element type is an omitted input.
inline std::vector<Tensor> run_all(const std::string& op, const std::vector<Tensor>& inputs, Attributes attributes = {}, std::size_t outputs = 1) {
  Graph graph;
  std::vector<Value*> operands;
  std::vector<const Tensor*> given;
  for (const Tensor& t : inputs) {
    const bool present = t.dtype() != DType::undefined;
    operands.push_back(present ? graph.add_constant(t) : nullptr);
    given.push_back(present ? &t : nullptr);
  }
  Node* node = graph.add_node(op, operands, outputs, std::move(attributes));
  return evaluate_node(*node, given);
}

inline Tensor run(const std::string& op, const std::vector<Tensor>& inputs, Attributes attributes = {}) {
  return run_all(op, inputs, std::move(attributes))[0];
}

// The message of the first error, empty if there is none.
inline std::string error(const std::string& op, const std::vector<Tensor>& inputs, Attributes attributes = {}, std::size_t outputs = 1) {
  try {
    run_all(op, inputs, std::move(attributes), outputs);
  } catch (const UserError& e) {
    return e.what();
  }
  return {};
}

using Integers = std::vector<std::int64_t>;

}  // namespace inferc::test
