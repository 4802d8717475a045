#include "compiler/call/builder.hpp"

#include <string_view>

namespace inferc {
namespace {

std::size_t hash(const Tensor& t) {
  const auto bytes = t.bytes();
  return std::hash<std::string_view>{}({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace

Operand Builder::add(Buffer buffer, const Shape& shape) {
  Operand out{{static_cast<std::uint32_t>(buffers_.size())}, buffer.dtype, 0, shape, dense_strides(shape)};
  buffer.size = product(shape);
  buffers_.push_back(std::move(buffer));
  return out;
}

Operand Builder::input(std::size_t index, const std::string& name, const Type& type) { return add({Space::input, type.dtype, 0, name, index, {}}, type.shape); }

Operand Builder::output(std::size_t index, const std::string& name, const Type& type) {
  return add({Space::output, type.dtype, 0, name, index, {}}, type.shape);
}

Operand Builder::temporary(const std::string& name, const Type& type) { return add({Space::arena, type.dtype, 0, name, 0, {}}, type.shape); }

Operand Builder::weight(Tensor tensor, const std::string& name, const std::string& packing) {
  const Shape shape(tensor.shape().begin(), tensor.shape().end());
  const std::size_t key = hash(tensor);
  for (auto [at, end] = weight_hashes_.equal_range(key); at != end; ++at) {
    const Weight& old = weights_[at->second];
    if (old.packing == packing && old.tensor.same(tensor)) return {weight_buffers_[at->second], tensor.dtype(), 0, shape, dense_strides(shape)};
  }
  const Operand out = add({Space::weight, tensor.dtype(), 0, name, weights_.size(), {}}, shape);
  weight_hashes_.emplace(key, weights_.size());
  weight_buffers_.push_back(out.buffer);
  weights_.push_back({std::move(tensor), name, packing});
  return out;
}

}  // namespace inferc
