#include <algorithm>
#include <array>
#include <complex>
#include <numbers>
#include <numeric>
#include <tuple>

#include "tests/support/op_table.hpp"

// Fourier transforms, windows, unpooling, centred cuts, grids and blocks of images.
namespace inferc::test {
namespace {

using Number = std::complex<Real>;
std::vector<DType> declared(const char* op, std::size_t input = 0) { return types_in(find_op(op)->inputs[input].types); }
constexpr Real turn = 2 * std::numbers::pi_v<Real>;

std::vector<Number> transform(const std::vector<Number>& x, bool inverse) {
  std::vector<Number> y(x.size());
  for (std::size_t k = 0; k < x.size(); ++k)
    for (std::size_t j = 0; j < x.size(); ++j)
      y[k] += x[j] * std::polar<Real>(1, (inverse ? turn : -turn) * static_cast<Real>(j * k % x.size()) / static_cast<Real>(x.size())) /
              (inverse ? static_cast<Real>(x.size()) : 1);
  return y;
}

// Sums in double, rounded once to the element type: the value itself stays unrounded, a tie may go either way.
Expected near(Array y, Real size) {
  Expected e{std::move(y), {}};
  for (const Real v : e.value.values) e.allowed.push_back(roundoff(e.value.dtype) * std::fabs(v) + 64 * roundoff(DType::float64) * size);
  return e;
}

// A transform of float32 is computed in float32: level C of docs/numerics.md, 4 roundings of the sum of the terms' magnitudes.
Expected transformed(Array y, const Array& terms) {
  const Real unit = y.dtype == DType::float32 ? 4 * roundoff(DType::float32) : 64 * roundoff(DType::float64);
  Expected e{std::move(y), {}};
  for (std::size_t k = 0; k < terms.values.size(); ++k) e.allowed.push_back(roundoff(e.value.dtype) * std::fabs(e.value.values[k]) + unit * terms.values[k]);
  return e;
}
Real magnitudes(const std::vector<Number>& line) {
  return std::accumulate(line.begin(), line.end(), Real(0), [](Real sum, const Number& x) { return sum + std::abs(x); });
}

void dft(Cases& cases) {
  unsigned seed = 1;
  for (const DType t : declared("DFT"))
    for (const auto& [shape, axis, n] : std::vector<std::tuple<Integers, std::int64_t, std::int64_t>>{{{2, 8, 3}, 1, 8},
                                                                                                      {{2, 7, 3}, -3, 7},
                                                                                                      {{5}, 0, 5},
                                                                                                      {{1, 16}, 1, 20},
                                                                                                      {{3, 9}, 1, 4},
                                                                                                      {{1, 1}, 1, 1},
                                                                                                      {{0, 4}, 1, 4},
                                                                                                      {{1, 90}, 1, 90},
                                                                                                      {{1, 128}, 1, 128},
                                                                                                      {{1, 131}, 1, 131}})
      for (const std::int64_t parts : {1, 2})
        for (const bool inverse : {false, true})
          for (const bool onesided : {false, true}) {
            if (onesided && (parts == 1) == inverse) continue;
            Integers in = shape;
            const auto d = static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(shape.size()) + 1 : axis);
            const bool mirrored = onesided && inverse;
            if (mirrored) in[d] = n / 2 + 1;
            const std::int64_t have = in[d];
            in.push_back(parts);
            const Array x = random(t, in, seed++, -1, 1);
            Integers out = in;
            out[d] = onesided && !inverse ? n / 2 + 1 : n;
            out.back() = mirrored ? 1 : 2;
            Array y(t, out), terms(DType::float64, out);
            Integers lines(out.begin(), out.end() - 1);
            lines[d] = 1;
            for_each(lines, [&](Index i) {
              std::vector<Number> line(static_cast<std::size_t>(n));
              i.push_back(0);
              for (std::int64_t j = 0; j < n; ++j) {
                const bool conjugate = mirrored && j > n / 2;
                i[d] = conjugate ? n - j : j;
                if (i[d] >= have) continue;
                i.back() = 0;
                const Real real = x.at(i);
                i.back() = parts - 1;
                Real imaginary = parts == 1 || (mirrored && (j == 0 || 2 * j == n)) ? 0 : x.at(i);
                line[static_cast<std::size_t>(j)] = {real, conjugate ? -imaginary : imaginary};
              }
              const auto z = transform(line, inverse);
              const Real size = magnitudes(line) / static_cast<Real>(inverse ? n : 1);
              for (i[d] = 0; i[d] < out[d]; ++i[d])
                for (i.back() = 0; i.back() < out.back(); ++i.back()) {
                  y.at(i) = i.back() == 0 ? z[static_cast<std::size_t>(i[d])].real() : z[static_cast<std::size_t>(i[d])].imag();
                  terms.at(i) = size;
                }
            });
            Case c{{x, Array(), scalar(DType::int64, static_cast<Real>(axis))},
                   {{"inverse", number(inverse)}, {"onesided", number(onesided)}},
                   {transformed(y, terms)},
                   {1, 2}};
            if (n != have || mirrored) c.inputs[1] = scalar(seed % 2 == 0 ? DType::int64 : DType::int32, static_cast<Real>(n));
            cases.push_back(c);
          }
}

void stft(Cases& cases) {
  unsigned seed = 1;
  for (const DType t : declared("STFT"))
    for (const auto& [batch, length, step, n] : std::vector<std::array<std::int64_t, 4>>{{1, 16, 4, 8}, {2, 17, 3, 5}, {1, 6, 10, 6}})
      for (const std::int64_t parts : {1, 2})
        for (const bool onesided : {false, true})
          for (const bool windowed : {false, true}) {
            if (onesided && parts == 2) continue;
            const Array x = random(t, {batch, length, parts}, seed++, -1, 1), window = windowed ? random(t, {n}, seed++, 0, 1) : filled(t, {n}, 1);
            Array y(t, {batch, (length - n) / step + 1, onesided ? n / 2 + 1 : n, 2}), terms(DType::float64, y.shape);
            for_each({batch, y.shape[1]}, [&](const Index& i) {
              std::vector<Number> line;
              for (std::int64_t j = 0; j < n; ++j) {
                const Index at{i[0], i[1] * step + j, 0}, second{i[0], i[1] * step + j, parts - 1};
                line.push_back(Number(x.at(at), parts == 1 ? 0 : x.at(second)) * window.at({j}));
              }
              const auto z = transform(line, false);
              for (std::int64_t k = 0; k < y.shape[2]; ++k)
                for (const std::int64_t part : {0, 1}) {
                  y.at({i[0], i[1], k, part}) = part == 0 ? z[static_cast<std::size_t>(k)].real() : z[static_cast<std::size_t>(k)].imag();
                  terms.at({i[0], i[1], k, part}) = magnitudes(line);
                }
            });
            const DType index = windowed ? DType::int64 : DType::int32;
            Case c{{x, scalar(index, static_cast<Real>(step)), windowed ? window : Array(), scalar(index, static_cast<Real>(n))},
                   {{"onesided", number(onesided)}},
                   {transformed(y, terms)},
                   {1, 3}};
            cases.push_back(c);
          }
}

void windows(Cases& cases, const std::array<Real, 3>& a) {
  for (const DType t : types_in(types::numeric))
    for (const std::int64_t n : {0, 2, 10, 33})
      for (const bool periodic : {false, true}) {
        if (!is_real(t) && n == 33) continue;
        Array y(t, {n});
        for (std::int64_t i = 0; i < n; ++i) {
          const Real x = turn * static_cast<Real>(i) / static_cast<Real>(periodic ? n : n - 1), v = a[0] - a[1] * std::cos(x) + a[2] * std::cos(2 * x);
          y.at({i}) = is_real(t) ? v : std::trunc(std::max<Real>(v, 0) + 1e-12L);
        }
        Expected e = near(y, 1);
        if (!is_real(t)) e.allowed.clear();
        cases.push_back({{scalar(n % 4 == 0 ? DType::int32 : DType::int64, static_cast<Real>(n))},
                         {{"output_datatype", static_cast<std::int64_t>(t)}, {"periodic", number(periodic)}},
                         {e},
                         {0}});
      }
}

void max_unpool(Cases& cases) {
  for (const DType t : declared("MaxUnpool"))
    for (const bool stated : {false, true})
      for (const std::int64_t pad : {0, 1}) {
        const Array x = random(t, {1, 2, 2, 3}, 4);
        const Integers pooled{1, 2, 4 - pad, 6 - pad}, shape = stated ? Integers{2, 2, 5, 6} : pooled;
        Array place(DType::int64, x.shape), y(t, shape);
        const Array from(t, pooled);
        for_each(x.shape, [&](const Index& i) {
          const Index to{i[0], i[1], 2 * i[2], 2 * i[3] + (i[2] == 0 && i[3] < 2 ? 1 : 0)};
          place.at(i) = static_cast<Real>(from.offset(to));
          y.at(to) = x.at(i);
        });
        Case c{{x, place}, {{"kernel_shape", Integers{2, 2}}, {"strides", Integers{2, 2}}, {"pads", Integers{pad, 0, 0, pad}}}, {exact(y)}};
        if (stated) c.inputs.push_back(integers(shape)), c.constants = {2};
        cases.push_back(c);
        c.inputs[1].values.back() = static_cast<Real>(elements(pooled));
        c.fault = "out of range";
        cases.push_back(c);
      }
}

void center_crop_pad(Cases& cases) {
  unsigned seed = 1;
  for (const DType t : declared("CenterCropPad"))
    for (const auto& [shape, axes, sizes] : std::vector<std::tuple<Integers, Integers, Integers>>{{{20, 10, 3}, {}, {10, 7, 3}},
                                                                                                  {{10, 7, 3}, {}, {20, 10, 3}},
                                                                                                  {{5, 8}, {-1, 0}, {5, 8}},
                                                                                                  {{4, 5, 2}, {1}, {0}},
                                                                                                  {{0, 3}, {0, 1}, {2, 1}},
                                                                                                  {{17}, {0}, {4}}}) {
      const Array x = random(t, shape, seed++, -99, 99);
      Integers out = shape;
      for (std::size_t k = 0; k < sizes.size(); ++k) {
        const std::int64_t a = axes.empty() ? static_cast<std::int64_t>(k) : axes[k];
        out[static_cast<std::size_t>(a < 0 ? a + x.rank() : a)] = sizes[k];
      }
      Array y(t, out);
      for_each(out, [&](Index i) {
        Real& to = y.at(i);
        for (std::size_t d = 0; d < i.size(); ++d) {
          i[d] += shape[d] > out[d] ? (shape[d] - out[d]) / 2 : -((out[d] - shape[d]) / 2);
          if (i[d] < 0 || i[d] >= shape[d]) return;
        }
        to = x.at(i);
      });
      Case c{{x, integers(sizes, seed % 2 == 0 ? DType::int64 : DType::int32)}, {}, {exact(y)}, {1}};
      if (!axes.empty()) c.attributes["axes"] = axes;
      cases.push_back(c);
    }
}

// In double, rounded once.
void affine_grid(Cases& cases) {
  unsigned seed = 1;
  for (const DType t : declared("AffineGrid"))
    for (const Integers& size : std::vector<Integers>{{2, 3, 5, 6}, {1, 1, 2, 3, 4}, {2, 1, 1, 4}, {1, 2, 0, 3}, {0, 1, 2, 2}})
      for (const bool align : {false, true}) {
        const auto dims = static_cast<std::int64_t>(size.size()) - 2;
        const Array theta = random(t, {size[0], dims, dims + 1}, seed++);
        Integers shape{size[0]};
        shape.insert(shape.end(), size.begin() + 2, size.end());
        shape.push_back(dims);
        Array y(t, shape);
        for_each(shape, [&](const Index& i) {
          Real sum = theta.at({i[0], i.back(), dims});
          for (std::int64_t c = 0; c < dims; ++c) {
            const auto d = static_cast<std::size_t>(dims - c);
            const Real k = static_cast<Real>(i[d]), n = static_cast<Real>(shape[d]);
            sum += theta.at({i[0], i.back(), c}) * (!align ? (2 * k + 1) / n - 1 : n == 1 ? -1 : 2 * k / (n - 1) - 1);
          }
          y.at(i) = sum;
        });
        cases.push_back({{theta, integers(size)}, {{"align_corners", number(align)}}, {near(y, 16)}, {1}});
      }
}

struct Blocks {
  Integers image, block, strides, dilations, pads;
};

// Each element of the image gathers those of the blocks that cover it, in the order of the block's elements.
void col2im(Cases& cases) {
  unsigned seed = 1;
  for (const DType t : declared("Col2Im"))
    for (const Blocks& b : std::vector<Blocks>{{{5, 5}, {1, 5}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
                                               {{5, 5}, {3, 3}, {2, 2}, {1, 1}, {1, 0, 0, 1}},
                                               {{6, 6}, {2, 2}, {1, 2}, {2, 3}, {0, 0, 0, 0}},
                                               {{7}, {3}, {1}, {1}, {2, 1}},
                                               {{3, 4, 5}, {1, 2, 3}, {1, 1, 2}, {1, 1, 1}, {0, 0, 0, 0, 1, 0}}}) {
      const std::size_t dims = b.image.size();
      Integers count;
      for (std::size_t d = 0; d < dims; ++d)
        count.push_back((b.image[d] + b.pads[d] + b.pads[d + dims] - b.dilations[d] * (b.block[d] - 1) - 1) / b.strides[d] + 1);
      Integers in{2, 3}, out{2, 3};
      in.insert(in.end(), b.block.begin(), b.block.end());
      in.insert(in.end(), count.begin(), count.end());
      out.insert(out.end(), b.image.begin(), b.image.end());
      Array x = random(t, in, seed++), y(t, out);
      for_each(in, [&](const Index& i) {
        Index to{i[0], i[1]};
        for (std::size_t d = 0; d < dims; ++d) {
          to.push_back(i[2 + dims + d] * b.strides[d] - b.pads[d] + i[2 + d] * b.dilations[d]);
          if (to.back() < 0 || to.back() >= b.image[d]) return;
        }
        const Real sum = y.at(to) + x.at(i);
        y.at(to) = is_real(t) ? rounded(t, sum) : wrapped(t, static_cast<Wide>(sum));
      });
      x.shape = {2, 3 * elements(b.block), elements(count)};
      cases.push_back({{x, integers(b.image), integers(b.block)}, {{"strides", b.strides}, {"dilations", b.dilations}, {"pads", b.pads}}, {exact(y)}, {1, 2}});
    }
}

void mel_weight_matrix(Cases& cases) {
  for (const DType t : types_in(types::numeric))
    for (const DType edge : types_in(types::floats))
      for (const auto& [bins, length, rate, low, high] :
           std::vector<std::array<std::int64_t, 5>>{{8, 16, 8192, 0, 4096}, {5, 63, 16000, 113, 7000}, {0, 4, 100, 0, 50}, {3, 0, 10, 0, 5}}) {
        const std::int64_t rows = length / 2 + 1;
        const auto mel = [](Real f) { return 2595 * std::log10(1 + f / 700); };
        std::vector<std::int64_t> point;
        for (std::int64_t k = 0; k < bins + 2; ++k) {
          const Real m =
              mel(static_cast<Real>(low)) + static_cast<Real>(k) * (mel(static_cast<Real>(high)) - mel(static_cast<Real>(low))) / static_cast<Real>(bins + 2);
          point.push_back(
              static_cast<std::int64_t>(std::floor(static_cast<Real>(length + 1) * 700 * (std::pow(10.0L, m / 2595) - 1) / static_cast<Real>(rate) + 1e-12L)));
        }
        Array y(t, {rows, bins});
        for_each(y.shape, [&](const Index& i) {
          const std::int64_t j = i[0], a = point[static_cast<std::size_t>(i[1])], b = point[static_cast<std::size_t>(i[1]) + 1],
                             c = point[static_cast<std::size_t>(i[1]) + 2];
          Real v = 0;
          if (j >= a && j <= b) v = a == b ? 1 : static_cast<Real>(j - a) / static_cast<Real>(b - a);
          if (j >= b && j < c) v = static_cast<Real>(c - j) / static_cast<Real>(c - b);
          y.at(i) = is_real(t) ? v : std::trunc(v);
        });
        Expected e = near(y, 1);
        if (!is_real(t)) e.allowed.clear();
        const DType index = bins % 2 == 0 ? DType::int64 : DType::int32;
        cases.push_back({{scalar(index, bins), scalar(index, length), scalar(index, rate), scalar(edge, low), scalar(edge, high)},
                         {{"output_datatype", static_cast<std::int64_t>(t)}},
                         {e},
                         {0, 1}});
      }
}

const Rows rows({{"DFT", dft},
                 {"STFT", stft},
                 {"HannWindow", [](Cases& c) { windows(c, {0.5L, 0.5L, 0}); }},
                 {"HammingWindow", [](Cases& c) { windows(c, {25.0L / 46, 21.0L / 46, 0}); }},
                 {"BlackmanWindow", [](Cases& c) { windows(c, {0.42L, 0.5L, 0.08L}); }},
                 {"MaxUnpool", max_unpool},
                 {"CenterCropPad", center_crop_pad},
                 {"AffineGrid", affine_grid},
                 {"Col2Im", col2im},
                 {"MelWeightMatrix", mel_weight_matrix}});

}  // namespace
}  // namespace inferc::test
