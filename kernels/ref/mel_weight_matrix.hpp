#pragma once
#include "kernels/math64.hpp"
#include "kernels/ref/shape_operand.hpp"

namespace inferc::ref {

template <class I>
Fault mel_fits(const I* mel_bins, const I* dft_length, std::size_t rows, std::size_t columns) {
  return fits(*dft_length >= 0 && static_cast<std::int64_t>(*mel_bins) == static_cast<std::int64_t>(columns) &&
              static_cast<std::int64_t>(*dft_length) / 2 + 1 == static_cast<std::int64_t>(rows));
}

constexpr double mel_ln10 = 2.302585092994045684;
inline double mel_of(double hertz) { return 2595 * (math64::log(1 + hertz / 700) / mel_ln10); }
inline double hertz_of(double mel) { return 700 * (math64::exp(mel / 2595 * mel_ln10) - 1); }

// Triangles over the rows, one a column: from 0 at one point to 1 at the next and to 0 at the one after, where the points are equidistant in
// mel, rounded down to rows (ONNX MelWeightMatrix). Sizes that do not fit are a fault, and nothing is written.
template <class T, class I, class F>
Fault mel_weight_matrix(T* out, const I* mel_bins, const I* dft_length, const I* sample_rate, const F* lower, const F* upper, std::size_t rows,
                        std::size_t columns) {
  if (const Fault f = mel_fits(mel_bins, dft_length, rows, columns); f != Fault::none) return f;
  if (*sample_rate == 0) return Fault::division_by_zero;
  const double from = static_cast<double>(*lower), to = static_cast<double>(*upper), rate = static_cast<double>(*sample_rate);
  if (!(from >= 0 && from < 1e9 && to >= 0 && to < 1e9 && rate > 0)) return Fault::dim_mismatch;
  const double low = mel_of(from), step = (mel_of(to) - low) / static_cast<double>(columns + 2);
  const auto point = [&](std::size_t k) {
    const double row = math64::floor((static_cast<double>(*dft_length) + 1) * hertz_of(static_cast<double>(k) * step + low) / rate);
    return static_cast<std::int64_t>(row < 0 ? 0 : row > 1e12 ? 1e12 : row);
  };
  for (std::size_t k = 0; k < rows * columns; ++k) out[k] = T{};
  for (std::size_t c = 0; c < columns; ++c) {
    const std::int64_t left = point(c), centre = point(c + 1), right = point(c + 2);
    for (std::size_t r = 0; r < rows; ++r) {
      const auto j = static_cast<std::int64_t>(r);
      const bool rises = j >= left && j <= centre, falls = j >= centre && j < right;
      if (rises) out[r * columns + c] = static_cast<T>(centre == left ? 1 : static_cast<double>(j - left) / static_cast<double>(centre - left));
      if (falls) out[r * columns + c] = static_cast<T>(static_cast<double>(right - j) / static_cast<double>(right - centre));
    }
  }
  return Fault::none;
}

}  // namespace inferc::ref
