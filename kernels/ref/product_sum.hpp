#pragma once
#include <cstddef>
#include <type_traits>

#include "kernels/functors.hpp"

namespace inferc::ref {

// a * b + c: rounded once for float, in two steps for double, wrapping for integers.
template <class T>
[[gnu::always_inline]] inline T multiply_add(T a, T b, T c) {
  if constexpr (std::is_same_v<T, float>)
    return fma(a, b, c);
  else
    return functors::add::apply(functors::mul::apply(a, b), c);
}

// The order of a product's sum over k: contiguous blocks of L terms, each from zero, added left to right; L by the
// number of columns.
constexpr std::size_t product_block(std::size_t columns) { return columns < 64 ? 16 : 256; }

// sum over k of a(k) * b(k).
template <class T, class A, class B>
[[gnu::always_inline]] inline T product_sum(std::size_t terms, std::size_t block, A a, B b) {
  T total{};
  for (std::size_t at = 0; at < terms; at += block) {
    T part{};
    for (std::size_t k = at; k < terms && k < at + block; ++k) part = multiply_add<T>(a(k), b(k), part);
    total = at == 0 ? part : functors::add::apply(total, part);
  }
  return total;
}

}  // namespace inferc::ref
