#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include "compiler/ir/dtype.hpp"

namespace inferc {

// A dense row-major tensor in memory. Copies share the elements: fill a tensor right after make(), then treat it as
// a constant. Sub-byte types take one byte an element.
class Tensor {
 public:
  Tensor() = default;
  // Zero-filled. Throws UserError when the size overflows or exceeds 2^40 bytes, or a dim is negative.
  Tensor(DType dtype, std::vector<std::int64_t> shape);

  [[nodiscard]] DType dtype() const { return dtype_; }
  [[nodiscard]] const std::vector<std::int64_t>& shape() const { return shape_; }
  [[nodiscard]] std::size_t rank() const { return shape_.size(); }
  [[nodiscard]] std::size_t size() const { return size_; }  // elements
  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_.get(), size_ * byte_size(dtype_)}; }
  [[nodiscard]] std::span<std::byte> bytes() { return {data_.get(), size_ * byte_size(dtype_)}; }

  template <class T>
  [[nodiscard]] std::span<const T> as() const {
    return {reinterpret_cast<const T*>(data_.get()), size_};
  }
  template <class T>
  [[nodiscard]] std::span<T> as() {
    return {reinterpret_cast<T*>(data_.get()), size_};
  }
  // The same elements under another shape of equal size.
  [[nodiscard]] Tensor reshaped(std::vector<std::int64_t> shape) const;
  // Equal dtype, shape and bytes.
  [[nodiscard]] bool same(const Tensor& other) const;
  bool operator==(const Tensor& other) const { return same(other); }

 private:
  DType dtype_ = DType::undefined;
  std::vector<std::int64_t> shape_;
  std::size_t size_ = 0;
  std::shared_ptr<std::byte[]> data_;
};

template <class T>
inline constexpr DType dtype_of = DType::undefined;
template <>
inline constexpr DType dtype_of<float> = DType::float32;
template <>
inline constexpr DType dtype_of<double> = DType::float64;
template <>
inline constexpr DType dtype_of<bool> = DType::boolean;
template <>
inline constexpr DType dtype_of<std::int8_t> = DType::int8;
template <>
inline constexpr DType dtype_of<std::int16_t> = DType::int16;
template <>
inline constexpr DType dtype_of<std::int32_t> = DType::int32;
template <>
inline constexpr DType dtype_of<std::int64_t> = DType::int64;
template <>
inline constexpr DType dtype_of<std::uint8_t> = DType::uint8;
template <>
inline constexpr DType dtype_of<std::uint16_t> = DType::uint16;
template <>
inline constexpr DType dtype_of<std::uint32_t> = DType::uint32;
template <>
inline constexpr DType dtype_of<std::uint64_t> = DType::uint64;

template <class T>
[[nodiscard]] Tensor tensor_of(std::vector<std::int64_t> shape, std::span<const T> values) {
  Tensor t(dtype_of<T>, std::move(shape));
  for (std::size_t i = 0; i < values.size(); ++i) t.as<T>()[i] = values[i];
  return t;
}

// Element `i` as a number where its type is one of T.
template <class... T>
[[nodiscard]] std::optional<double> number_at(const Tensor& t, std::size_t i) {
  std::optional<double> out;
  ((t.dtype() == dtype_of<T> ? void(out = static_cast<double>(t.as<T>()[i])) : void()), ...);
  return out;
}

// f(std::type_identity<T>{}) for the T that elements are stored as: an unsigned integer where C++ has no such number.
template <class F>
auto by_storage(DType t, F f) {
  switch (t) {
    case DType::float32:
      return f(std::type_identity<float>{});
    case DType::float64:
      return f(std::type_identity<double>{});
    case DType::int64:
      return f(std::type_identity<std::int64_t>{});
    case DType::uint64:
      return f(std::type_identity<std::uint64_t>{});
    case DType::int32:
      return f(std::type_identity<std::int32_t>{});
    case DType::uint32:
      return f(std::type_identity<std::uint32_t>{});
    case DType::int16:
      return f(std::type_identity<std::int16_t>{});
    case DType::uint16:
    case DType::float16:
    case DType::bfloat16:
      return f(std::type_identity<std::uint16_t>{});
    case DType::int8:
      return f(std::type_identity<std::int8_t>{});
    default:
      return f(std::type_identity<std::uint8_t>{});
  }
}

}  // namespace inferc
