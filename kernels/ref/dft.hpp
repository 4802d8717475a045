#pragma once
#include "kernels/math64.hpp"
#include "kernels/ref/constantly.hpp"
#include "kernels/ref/fold.hpp"
#include "kernels/trig64.hpp"

namespace inferc::ref {
namespace dft_detail {

// e^(i sign 2 pi r / n) for r < n as triples (cosine, sine, -sine), by eighths of a turn: exact where the angle is a multiple of
// it. With a minus in place of the third number g++ 12 would make vfmaddsub of a complex product in spite of -ffp-contract=off.
inline void roots(double* out, std::size_t n, double sign) {
  constexpr double pi = 3.14159265358979323846;
  for (std::size_t r = 0; r < n; ++r) {
    const std::size_t quarter = 4 * r / n, rest = 4 * r % n;  // the angle is (quarter + rest / n) pi / 2
    const bool upper = 2 * rest > n;
    const double angle = pi / 2 * static_cast<double>(upper ? n - rest : rest) / static_cast<double>(n);
    const double a = math64::cos(angle), b = math64::sin(angle), c = upper ? b : a, s = upper ? a : b;
    const double sine = sign * (quarter == 0 ? s : quarter == 1 ? c : quarter == 2 ? -s : -c);
    out[3 * r] = quarter == 0 ? c : quarter == 1 ? -s : quarter == 2 ? -c : s;
    out[3 * r + 1] = sine;
    out[3 * r + 2] = -sine;
  }
}

}  // namespace dft_detail

struct Complex {
  double real = 0, imaginary = 0;
};

// out[k] = sum over j < n of in(j) root[j k mod n] for k < count.
template <class In, class Out>
void dft_line(std::size_t n, std::size_t count, const double* root, In in, Out out) {
  for (std::size_t k = 0; k < count; ++k) {
    Sum<double> real, imaginary;
    for (std::size_t j = 0, at = 0; j < n; ++j, at = (at + k) % n) {
      const Complex x = in(j);
      const double c = root[3 * at], s = root[3 * at + 1], minus_s = root[3 * at + 2];
      real.add(x.real * c + x.imaginary * minus_s);
      imaginary.add(x.real * s + x.imaginary * c);
    }
    out(k, Complex{real.total(), imaginary.total()});
  }
}

// Lines of `size` elements of `parts` numbers (1: real, 2: complex) along the axis of [outer, axis, inner, parts], cut or padded
// with zeros to n. With `mirrored` the input is the first half of a spectrum whose other half is its conjugate. The first `count`
// results are written, of one or two numbers; an inverse divides by n. `roots` has room for n triples.
template <class T>
void dft(T* out, double* roots, const T* in, std::size_t outer, std::size_t inner, std::size_t size, std::size_t n, std::size_t count, std::size_t parts,
         std::size_t out_parts, bool inverse, bool mirrored) {
  dft_detail::roots(roots, n, inverse ? 1 : -1);
  const double divisor = inverse ? static_cast<double>(n) : 1;
  for (std::size_t o = 0; o < outer; ++o)
    for (std::size_t i = 0; i < inner; ++i) {
      const auto element = [&](std::size_t j) {
        const bool conjugate = mirrored && j > n / 2;
        const std::size_t from = conjugate ? n - j : j;
        if (from >= size) return Complex{};
        const T* const x = in + ((o * size + from) * inner + i) * parts;
        // The spectrum of real numbers is real at 0 and, for even n, at n / 2.
        const bool real = mirrored && (from == 0 || 2 * from == n);
        const double imaginary = parts == 1 || real ? 0 : static_cast<double>(x[1]);
        return Complex{static_cast<double>(x[0]), conjugate ? -imaginary : imaginary};
      };
      dft_line(n, count, roots, element, [&](std::size_t k, const Complex& y) {
        T* const to = out + ((o * count + k) * inner + i) * out_parts;
        to[0] = static_cast<T>(y.real / divisor);
        if (out_parts == 2) to[1] = static_cast<T>(y.imaginary / divisor);
      });
    }
}

// out[b, f, k] = the transform of window[j] signal[b, f * step + j] over j < n, its first `count` results.
template <class T, class W>
void stft(T* out, double* roots, const T* signal, W window, std::size_t batch, std::size_t length, std::size_t parts, std::size_t frames, std::size_t step,
          std::size_t n, std::size_t count) {
  dft_detail::roots(roots, n, -1);
  for (std::size_t f = 0; f < batch * frames; ++f) {
    const T* const frame = signal + (f / frames * length + f % frames * step) * parts;
    const auto element = [&](std::size_t j) {
      const double w = static_cast<double>(window[j]);
      return Complex{w * static_cast<double>(frame[j * parts]), parts == 1 ? 0 : w * static_cast<double>(frame[j * parts + 1])};
    };
    dft_line(n, count, roots, element, [&](std::size_t k, const Complex& y) {
      out[(f * count + k) * 2] = static_cast<T>(y.real);
      out[(f * count + k) * 2 + 1] = static_cast<T>(y.imaginary);
    });
  }
}

}  // namespace inferc::ref
