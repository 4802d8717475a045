#pragma once
#include <type_traits>

#include "kernels/math64.hpp"
#include "kernels/ref/constantly.hpp"
#include "kernels/trig64.hpp"

// Mixed-radix transforms by decimation in frequency, each stage from one buffer to another so that results come in order (the
// autosort algorithm of Stockham; W. T. Cochran et al., "What is the fast Fourier transform?", 1967): n (sum of the radices)
// operations a line, radices 4, 2 and the odd primes of n. float32 is computed in float32, other types in float64.
namespace inferc::ref {

template <class T>
using DftWork = std::conditional_t<std::is_same_v<T, float>, float, double>;

// Numbers of scratch for a transform of n elements: the roots and two lines.
template <class Size>
constexpr Size dft_scratch(const Size& n) {
  return Size(7) * n;
}

template <class W>
struct Complex {
  W real = 0, imaginary = 0;
  constexpr Complex operator+(Complex b) const { return {real + b.real, imaginary + b.imaginary}; }
  constexpr Complex operator-(Complex b) const { return {real - b.real, imaginary - b.imaginary}; }
  constexpr Complex times(W by) const { return {real * by, imaginary * by}; }
};

namespace dft_detail {

// e^(i sign 2 pi r / n) for r < n as triples (cosine, sine, -sine), by eighths of a turn: exact where the angle is a multiple of
// it. With a minus in place of the third number g++ 12 would make vfmaddsub of a complex product in spite of -ffp-contract=off.
template <class W>
void roots(W* out, std::size_t n, double sign) {
  constexpr double pi = 3.14159265358979323846;
  for (std::size_t r = 0; r < n; ++r) {
    const std::size_t quarter = 4 * r / n, rest = 4 * r % n;  // the angle is (quarter + rest / n) pi / 2
    const bool upper = 2 * rest > n;
    const double angle = pi / 2 * static_cast<double>(upper ? n - rest : rest) / static_cast<double>(n);
    const double a = math64::cos(angle), b = math64::sin(angle), c = upper ? b : a, s = upper ? a : b;
    const double sine = sign * (quarter == 0 ? s : quarter == 1 ? c : quarter == 2 ? -s : -c);
    out[3 * r] = static_cast<W>(quarter == 0 ? c : quarter == 1 ? -s : quarter == 2 ? -c : s);
    out[3 * r + 1] = static_cast<W>(sine);
    out[3 * r + 2] = static_cast<W>(-sine);
  }
}

// One butterfly: element b of the input is `stride` b away from the first; result u is turned by root[u turn], `apart` u away.
template <class W>
struct Butterfly {
  W* to;
  const W *from, *root;
  std::size_t n, radix, stride, apart, turn;

  Complex<W> in(std::size_t b) const { return {from[2 * stride * b], from[2 * stride * b + 1]}; }
  // x root[at]
  Complex<W> turned(Complex<W> x, std::size_t at) const {
    const W* const w = root + 3 * at;
    return {x.real * w[0] + x.imaginary * w[2], x.real * w[1] + x.imaginary * w[0]};
  }
  void out(std::size_t u, Complex<W> y) const {
    if (u * turn > 0) y = turned(y, u * turn);
    to[2 * apart * u] = y.real;
    to[2 * apart * u + 1] = y.imaginary;
  }
};

template <class W>
void radix_2(const Butterfly<W>& b) {
  const Complex<W> x = b.in(0), y = b.in(1);
  b.out(0, x + y);
  b.out(1, x - y);
}

template <class W>
void radix_4(const Butterfly<W>& b) {
  const W* const quarter = b.root + 3 * (b.n / 4);
  const Complex<W> even = b.in(0) + b.in(2), odd = b.in(1) + b.in(3), x = b.in(0) - b.in(2), z = b.in(1) - b.in(3);
  const Complex<W> y{z.imaginary * quarter[2], z.real * quarter[1]};
  b.out(0, even + odd);
  b.out(1, x + y);
  b.out(2, even - odd);
  b.out(3, x - y);
}

// Results u and radix - u of an odd radix are the sum and the difference of two partial sums, over the sums and the differences
// of the elements j and radix - j: sum x_j root^(uj) = x_0 + sum (x_j + x_-j) cos(uj) + i sum (x_j - x_-j) sin(uj).
template <class W>
void radix_odd(const Butterfly<W>& b) {
  const std::size_t half = b.radix / 2, step = b.n / b.radix;
  Complex<W> total = b.in(0);
  for (std::size_t j = 1; j <= half; ++j) total = total + (b.in(j) + b.in(b.radix - j));
  b.out(0, total);
  for (std::size_t u = 1; u <= half; ++u) {
    Complex<W> along = b.in(0), across;
    for (std::size_t j = 1, at = u; j <= half; ++j, at = (at + u) % b.radix) {
      const W* const w = b.root + 3 * step * at;
      const Complex<W> x = b.in(j) + b.in(b.radix - j), y = b.in(j)-b.in(b.radix - j);
      along = along + x.times(w[0]);
      const Complex<W> part{y.imaginary * w[2], y.real * w[1]};
      across = j == 1 ? part : across + part;
    }
    b.out(u, along + across);
    b.out(b.radix - u, along - across);
  }
}

// The next radix of what is left of n.
constexpr std::size_t radix(std::size_t rest) {
  if (rest % 4 == 0) return 4;
  if (rest % 2 == 0) return 2;
  for (std::size_t p = 3; p * p <= rest; p += 2)
    if (rest % p == 0) return p;
  return rest;
}

template <class W>
void stage(Butterfly<W> b, W* to, const W* from, std::size_t done) {
  b.stride = b.n / (done * b.radix);
  b.apart = b.stride * done;
  for (std::size_t k = 0; k < done; ++k)
    for (std::size_t i = 0; i < b.stride; ++i) {
      b.from = from + 2 * (i + b.stride * b.radix * k);
      b.to = to + 2 * (i + b.stride * k);
      b.turn = done * i;
      if (b.radix == 4) radix_4(b);
      else if (b.radix == 2) radix_2(b);
      else radix_odd(b);
    }
}

// The transform of n complex numbers; the result is in one of the two lines.
template <class W>
const W* transform(W* line, W* other, const W* root, std::size_t n) {
  for (std::size_t done = 1; done < n;) {
    const std::size_t r = radix(n / done);
    stage(Butterfly<W>{nullptr, nullptr, root, n, r, 0, 0, 0}, other, line, done);
    done *= r;
    W* const filled = other;
    other = line, line = filled;
  }
  return line;
}

}  // namespace dft_detail

// out(k, sum over j < n of in(j) root[j k mod n]) for k < count. Where all numbers are real, k and n - k are conjugate to the bit.
// `scratch` starts with the roots.
template <class W, class In, class Out>
void dft_line(std::size_t n, std::size_t count, W* scratch, bool real, In in, Out out) {
  W* const line = scratch + 3 * n;
  for (std::size_t j = 0; j < n; ++j) {
    const Complex<W> x = in(j);
    line[2 * j] = x.real;
    line[2 * j + 1] = x.imaginary;
  }
  const W* const y = dft_detail::transform(line, line + 2 * n, scratch, n);
  const W half = static_cast<W>(0.5);
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t m = k == 0 ? 0 : n - k;
    if (real) out(k, Complex<W>{half * (y[2 * k] + y[2 * m]), half * (y[2 * k + 1] - y[2 * m + 1])});
    else out(k, Complex<W>{y[2 * k], y[2 * k + 1]});
  }
}

// Lines of `size` elements of `parts` numbers (1: real, 2: complex) along the axis of [outer, axis, inner, parts], cut or padded
// with zeros to n. With `mirrored` the input is the first half of a spectrum whose other half is its conjugate. The first `count`
// results are written, of one or two numbers; an inverse divides by n. `scratch` has room for dft_scratch(n) numbers.
template <class T>
void dft(T* out, DftWork<T>* scratch, const T* in, std::size_t outer, std::size_t inner, std::size_t size, std::size_t n, std::size_t count, std::size_t parts,
         std::size_t out_parts, bool inverse, bool mirrored) {
  using W = DftWork<T>;
  dft_detail::roots(scratch, n, inverse ? 1 : -1);
  const W scale = inverse ? 1 / static_cast<W>(n) : 1;
  for (std::size_t o = 0; o < outer; ++o)
    for (std::size_t i = 0; i < inner; ++i) {
      const auto element = [&](std::size_t j) {
        const bool conjugate = mirrored && j > n / 2;
        const std::size_t from = conjugate ? n - j : j;
        if (from >= size) return Complex<W>{};
        const T* const x = in + ((o * size + from) * inner + i) * parts;
        // The spectrum of real numbers is real at 0 and, for even n, at n / 2.
        const bool real = parts == 1 || (mirrored && (from == 0 || 2 * from == n));
        const W imaginary = real ? 0 : static_cast<W>(x[1]);
        return Complex<W>{static_cast<W>(x[0]), conjugate ? -imaginary : imaginary};
      };
      dft_line(n, count, scratch, parts == 1, element, [&](std::size_t k, Complex<W> y) {
        T* const to = out + ((o * count + k) * inner + i) * out_parts;
        to[0] = static_cast<T>(y.real * scale);
        if (out_parts == 2) to[1] = static_cast<T>(y.imaginary * scale);
      });
    }
}

// out[b, f, k] = the transform of window[j] signal[b, f * step + j] over j < n, its first `count` results.
template <class T, class V>
void stft(T* out, DftWork<T>* scratch, const T* signal, V window, std::size_t batch, std::size_t length, std::size_t parts, std::size_t frames,
          std::size_t step, std::size_t n, std::size_t count) {
  using W = DftWork<T>;
  dft_detail::roots(scratch, n, -1);
  for (std::size_t f = 0; f < batch * frames; ++f) {
    const T* const frame = signal + (f / frames * length + f % frames * step) * parts;
    const auto element = [&](std::size_t j) {
      const W w = static_cast<W>(window[j]);
      return Complex<W>{w * static_cast<W>(frame[j * parts]), parts == 1 ? 0 : w * static_cast<W>(frame[j * parts + 1])};
    };
    dft_line(n, count, scratch, parts == 1, element, [&](std::size_t k, Complex<W> y) {
      out[(f * count + k) * 2] = static_cast<T>(y.real);
      out[(f * count + k) * 2 + 1] = static_cast<T>(y.imaginary);
    });
  }
}

}  // namespace inferc::ref
