#pragma once
#include "compiler/ops/op.hpp"
#include "kernels/ref/dft_given.hpp"

// What the transforms of kernels/ref/dft.hpp share.
namespace inferc::fourier {

// Scratch of a transform of at most n elements of a type.
inline Arg scratch(Lower& l, DType type, const Dim& n) {
  return write(l.temporary(type == DType::float32 ? DType::float32 : DType::float64, {ref::dft_scratch(n)}));
}

// Operations for each number of a line of n complex ones: 4 by each radix; a symbolic n is taken to be 2^8.
inline Dim flops(const Dim& n) {
  const auto known = n.constant();
  std::int64_t radices = 0;
  for (std::size_t rest = static_cast<std::size_t>(known.value_or(256)); rest > 1;) {
    const std::size_t r = ref::dft_detail::radix(rest);
    radices += static_cast<std::int64_t>(r);
    rest /= r;
  }
  return Dim(4 * radices);
}

}  // namespace inferc::fourier
