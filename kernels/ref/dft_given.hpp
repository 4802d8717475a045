#pragma once
#include "kernels/ref/dft.hpp"
#include "kernels/ref/shape_operand.hpp"

// Transforms whose axis, length or step is read at run time. Where they do not give the sizes of the output, it is a fault and
// nothing is written.
namespace inferc::ref {

// Length and number of results of a DFT; a length of 0 where the operands do not give the shape `to`.
struct DftSizes {
  std::size_t axis, n, count;
};
template <class L>
constexpr DftSizes dft_sizes(const L* length, std::size_t length_count, const std::int64_t* axis, const Sizes<8>& from, std::size_t rank, const Sizes<8>& to,
                             bool inverse, bool onesided) {
  const std::size_t d = axis_in(*axis, rank);
  if (d + 1 >= rank) return {0, 0, 0};
  const std::int64_t n = length_count > 0 ? static_cast<std::int64_t>(*length) : inverse && onesided ? 2 * (from.value[d] - 1) : from.value[d];
  const std::int64_t count = onesided && !inverse ? n / 2 + 1 : n;
  bool good = n > 0 && count == to.value[d];
  for (std::size_t k = 0; k + 1 < rank; ++k) good = good && (k == d || from.value[k] == to.value[k]);
  return good ? DftSizes{d, static_cast<std::size_t>(n), static_cast<std::size_t>(count)} : DftSizes{0, 0, 0};
}

template <class L>
Fault dft_fits(const L* length, std::size_t length_count, const std::int64_t* axis, Sizes<8> from, std::size_t rank, Sizes<8> to, bool inverse, bool onesided) {
  return fits(dft_sizes(length, length_count, axis, from, rank, to, inverse, onesided).n > 0);
}

template <class T, class L>
Fault dft_given(T* out, DftWork<T>* scratch, const T* in, const L* length, std::size_t length_count, const std::int64_t* axis, Sizes<8> from, std::size_t rank,
                Sizes<8> to, bool inverse, bool onesided) {
  const DftSizes s = dft_sizes(length, length_count, axis, from, rank, to, inverse, onesided);
  if (s.n == 0) return Fault::dim_mismatch;
  std::size_t outer = 1, inner = 1;
  for (std::size_t k = 0; k + 1 < rank; ++k)
    if (k != s.axis) (k < s.axis ? outer : inner) *= static_cast<std::size_t>(from.value[k]);
  dft(out, scratch, in, outer, inner, static_cast<std::size_t>(from.value[s.axis]), s.n, s.count, static_cast<std::size_t>(from.value[rank - 1]),
      static_cast<std::size_t>(to.value[rank - 1]), inverse, inverse && onesided);
  return Fault::none;
}

// Frames of `frame_length` elements, or where it has none of `size`, `step` apart.
template <class S, class L>
Fault stft_fits(const S* step, const L* frame_length, std::size_t length_count, std::size_t size, std::size_t length, std::size_t frames, std::size_t count,
                bool onesided) {
  const auto n = static_cast<std::int64_t>(length_count > 0 ? static_cast<std::size_t>(*frame_length) : size), s = static_cast<std::int64_t>(*step),
             all = static_cast<std::int64_t>(length);
  if (n < 1 || n > all || s < 1) return Fault::dim_mismatch;
  return fits((all - n) / s + 1 == static_cast<std::int64_t>(frames) && (onesided ? n / 2 + 1 : n) == static_cast<std::int64_t>(count));
}

template <class T, class V, class S, class L>
Fault stft_given(T* out, DftWork<T>* scratch, const T* signal, V window, const S* step, const L* frame_length, std::size_t length_count, std::size_t size,
                 std::size_t batch, std::size_t length, std::size_t parts, std::size_t frames, std::size_t count, bool onesided) {
  if (const Fault f = stft_fits(step, frame_length, length_count, size, length, frames, count, onesided); f != Fault::none) return f;
  stft(out, scratch, signal, window, batch, length, parts, frames, static_cast<std::size_t>(*step),
       length_count > 0 ? static_cast<std::size_t>(*frame_length) : size, count);
  return Fault::none;
}

}  // namespace inferc::ref
