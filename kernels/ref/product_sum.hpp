#pragma once
#include <cstddef>
#include <type_traits>

#include "kernels/functors.hpp"

namespace inferc::ref {

// a * b + c: rounded once for float, in two steps for double, wrapping for integers.
template <class T>
[[gnu::always_inline]] inline T multiply_add(T a, T b, T c) {
  if constexpr (std::is_same_v<T, float>) return fma(a, b, c);
  else return functors::add::apply(functors::mul::apply(a, b), c);
}

// Terms in one block of a product's sum, by the number of its columns.
constexpr std::size_t product_block(std::size_t columns) { return columns < 64 ? 16 : 64; }

// The order of a product's sum over k: contiguous blocks of terms, each from zero, added left to right.
template <class T>
class ProductSum {
 public:
  constexpr explicit ProductSum(std::size_t block) : block_(block) {}
  void add(T a, T b) {
    if (terms_ == block_) close();
    part_ = multiply_add(a, b, part_);
    ++terms_;
  }
  T total() {
    close();
    return total_;
  }

 private:
  void close() {
    total_ = first_ ? part_ : functors::add::apply(total_, part_);
    first_ = false;
    part_ = T{};
    terms_ = 0;
  }
  std::size_t block_, terms_ = 0;
  T total_{}, part_{};
  bool first_ = true;
};

}  // namespace inferc::ref
