#include "compiler/ir/tensor.hpp"

#include <cstring>

#include <fmt/format.h>

#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

constexpr std::size_t largest_bytes = std::size_t{1} << 40;

std::size_t checked_size(DType dtype, const std::vector<std::int64_t>& shape) {
  const std::size_t bytes = byte_size(dtype);
  if (bytes == 0) throw UserError(fmt::format("a tensor of {} cannot be held", name(dtype)));
  bool empty = false;
  for (const std::int64_t d : shape) {
    if (d < 0) throw UserError(fmt::format("a tensor has the negative dimension {}", d));
    empty |= d == 0;
  }
  if (empty) return 0;
  std::size_t size = 1;
  for (const std::int64_t d : shape)
    if (__builtin_mul_overflow(size, static_cast<std::size_t>(d), &size) || size > largest_bytes / bytes)
      throw UserError("a tensor would be larger than 2^40 bytes");
  return size;
}

}  // namespace

Tensor::Tensor(DType dtype, std::vector<std::int64_t> shape)
    : dtype_(dtype), shape_(std::move(shape)), size_(checked_size(dtype, shape_)), data_(new std::byte[std::max<std::size_t>(1, size_ * byte_size(dtype))]()) {}

Tensor Tensor::reshaped(std::vector<std::int64_t> shape) const {
  if (checked_size(dtype_, shape) != size_) internal_error("reshaped tensor has another size");
  Tensor out = *this;
  out.shape_ = std::move(shape);
  return out;
}

bool Tensor::same(const Tensor& other) const {
  return dtype_ == other.dtype_ && shape_ == other.shape_ && (size_ == 0 || std::memcmp(data_.get(), other.data_.get(), bytes().size()) == 0);
}

}  // namespace inferc
