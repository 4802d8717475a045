#pragma once
#include <cstddef>

namespace inferc {

// A size known when the model was compiled; a size known at run time is a plain std::size_t. Kernels accept either.
template <std::size_t N>
struct dim {
  constexpr operator std::size_t() const { return N; }
};

// Whether D is a dim<>, and its value (0 if it is a run-time size).
template <class D>
inline constexpr bool is_static = false;
template <std::size_t N>
inline constexpr bool is_static<dim<N>> = true;
template <class D>
inline constexpr std::size_t static_size = 0;
template <std::size_t N>
inline constexpr std::size_t static_size<dim<N>> = N;

// Half-open range over a kernel's independent units (rows, heads, panels).
template <class B, class E>
struct Range {
  B begin;
  E end;
};
template <class B, class E>
Range(B, E) -> Range<B, E>;

}  // namespace inferc
