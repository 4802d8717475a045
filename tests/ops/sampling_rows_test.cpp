#include <algorithm>
#include <array>

#include "tests/support/op_table.hpp"

// Operators that read between the elements of an image.
namespace inferc::test {
namespace {

std::vector<DType> declared(const char* op, std::size_t input = 0) { return types_in(find_op(op)->inputs[input].types); }

// Bilinear, of an image [n, c, rows, columns]; elements outside are zero.
Real between(const Array& x, std::int64_t n, std::int64_t c, Real row, Real column) {
  Real total = 0;
  for (std::int64_t i = 0; i < x.shape[2]; ++i)
    for (std::int64_t j = 0; j < x.shape[3]; ++j)
      total +=
          std::max<Real>(0, 1 - std::fabs(row - static_cast<Real>(i))) * std::max<Real>(0, 1 - std::fabs(column - static_cast<Real>(j))) * x.at({n, c, i, j});
  return total;
}

struct Deform {
  std::int64_t group = 1, offset_group = 1, stride = 1, dilation = 1, pad = 0;
};

Expected deformed(const Array& x, const Array& w, const Array& offset, const Array& bias, const Array& mask, const Deform& p) {
  const std::int64_t channels = x.shape[1], filters = w.shape[0], per_group = channels / p.group, kw = w.shape[3], taps = w.shape[2] * kw;
  Expected y{Array(x.dtype, {x.shape[0], filters, offset.shape[2], offset.shape[3]}), {}};
  for_each(y.value.shape, [&](const Index& o) {
    Real sum = bias.at({o[1]}), size = std::fabs(sum);
    for (std::int64_t c = 0; c < per_group; ++c)
      for (std::int64_t tap = 0; tap < taps; ++tap) {
        const std::int64_t channel = o[1] / (filters / p.group) * per_group + c, place = channel / (channels / p.offset_group) * taps + tap;
        const auto position = [&](std::int64_t axis, std::int64_t k) {
          return static_cast<Real>(o[static_cast<std::size_t>(2 + axis)] * p.stride - p.pad + k * p.dilation) + offset.at({o[0], place * 2 + axis, o[2], o[3]});
        };
        const Real term =
            w.at({o[1], c, tap / kw, tap % kw}) * mask.at({o[0], place, o[2], o[3]}) * between(x, o[0], channel, position(0, tap / kw), position(1, tap % kw));
        sum += term, size += std::fabs(term);
      }
    y.value.at(o) = rounded(x.dtype, sum);
    y.allowed.push_back(16 * roundoff(x.dtype) * (size + 1));
  });
  return y;
}

void deform_conv(Cases& cases) {
  unsigned seed = 1;
  for (const DType t : declared("DeformConv"))
    for (const Deform& p : {Deform{}, Deform{2, 1, 2, 1, 1}, Deform{1, 2, 1, 2, 2}, Deform{2, 4, 2, 1, 1}})
      for (const bool given : {false, true}) {
        const std::int64_t rows = 6, columns = 5;
        const auto out = [&](std::int64_t n, std::int64_t k) { return (n + 2 * p.pad - p.dilation * (k - 1) - 1) / p.stride + 1; };
        const Array x = random(t, {2, 4, rows, columns}, seed++, -1, 1), w = random(t, {4, 4 / p.group, 3, 2}, seed++, -1, 1);
        const Integers outs{out(rows, 3), out(columns, 2)};
        const Array offset = random(t, {2, p.offset_group * 12, outs[0], outs[1]}, seed++, -2, 2);
        const Array bias = given ? random(t, {4}, seed++, -1, 1) : Array(t, {4});
        const Array mask = given ? random(t, {2, p.offset_group * 6, outs[0], outs[1]}, seed++, 0, 1) : filled(t, {2, p.offset_group * 6, outs[0], outs[1]}, 1);
        Case c{{x, w, offset},
               {{"group", p.group},
                {"offset_group", p.offset_group},
                {"strides", Integers{p.stride, p.stride}},
                {"dilations", Integers{p.dilation, p.dilation}},
                {"pads", Integers(4, p.pad)}},
               {deformed(x, w, offset, bias, mask, p)}};
        if (given) c.inputs.push_back(bias), c.inputs.push_back(mask);
        cases.push_back(c);
      }
}

struct Region {
  bool aligned = true, largest = false;
  std::int64_t ratio = 0;
  Real scale = 1;
};

// The four products of one sample: edges repeat up to one element outside, zero beyond.
std::array<Real, 4> sample(const Array& x, std::int64_t n, std::int64_t c, Real row, Real column) {
  const std::int64_t rows = x.shape[2], columns = x.shape[3];
  if (row < -1 || row > static_cast<Real>(rows) || column < -1 || column > static_cast<Real>(columns)) return {};
  const Real i = std::clamp<Real>(row, 0, static_cast<Real>(rows - 1)), j = std::clamp<Real>(column, 0, static_cast<Real>(columns - 1));
  const auto a = static_cast<std::int64_t>(i), b = static_cast<std::int64_t>(j);
  const std::int64_t a1 = std::min(a + 1, rows - 1), b1 = std::min(b + 1, columns - 1);
  const Real u = i - static_cast<Real>(a), v = j - static_cast<Real>(b);
  return {(1 - u) * (1 - v) * x.at({n, c, a, b}), (1 - u) * v * x.at({n, c, a, b1}), u * (1 - v) * x.at({n, c, a1, b}), u * v * x.at({n, c, a1, b1})};
}

Expected regions(const Array& x, const Array& rois, const Array& image, std::int64_t height, std::int64_t width, const Region& p) {
  Expected y{Array(x.dtype, {rois.shape[0], x.shape[1], height, width}), {}};
  for_each(y.value.shape, [&](const Index& o) {
    const auto corner = [&](std::int64_t k) { return rois.at({o[0], k}) * p.scale - (p.aligned ? 0.5L : 0); };
    const auto bin = [&](std::int64_t axis, std::int64_t bins) {
      const Real length = corner(2 + axis) - corner(axis);
      return (p.aligned ? length : std::max<Real>(length, 1)) / static_cast<Real>(bins);
    };
    const Real bin_row = bin(1, height), bin_column = bin(0, width);
    const auto grid = [&](Real size) { return p.ratio > 0 ? p.ratio : std::max<std::int64_t>(0, static_cast<std::int64_t>(std::ceil(size))); };
    const std::int64_t rows = grid(bin_row), columns = grid(bin_column);
    Real total = 0, top = rows * columns == 0 ? 0 : -infinity;
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t j = 0; j < columns; ++j) {
        const Real row = corner(1) + bin_row * (static_cast<Real>(o[2]) + (static_cast<Real>(i) + 0.5L) / static_cast<Real>(rows));
        const Real column = corner(0) + bin_column * (static_cast<Real>(o[3]) + (static_cast<Real>(j) + 0.5L) / static_cast<Real>(columns));
        for (const Real part : sample(x, static_cast<std::int64_t>(image.at({o[0]})), o[1], row, column)) total += part, top = std::max(top, part);
      }
    y.value.at(o) = rounded(x.dtype, p.largest ? top : total / static_cast<Real>(std::max<std::int64_t>(rows * columns, 1)));
    y.allowed.push_back(16 * roundoff(DType::float32) * 4 * (x.dtype == DType::float32 ? 1 : 0x1p-24L));
  });
  return y;
}

void roi_align(Cases& cases) {
  unsigned seed = 3;
  for (const DType t : declared("RoiAlign"))
    for (const bool aligned : {false, true})
      for (const bool largest : {false, true})
        for (const std::int64_t ratio : {0, 2}) {
          const Region p{aligned, largest, ratio, 0.5L};
          const Array x = random(t, {2, 3, 7, 9}, seed++, -1, 1), image(DType::int64, {4}, {0, 1, 1, 0});
          // Inside, across an edge, a point, outside.
          const Array rois(t, {4, 4}, {1, 2, 11, 9.5L, -3, -2, 5.25L, 20, 4, 4, 4.25L, 4.25L, 40, 40, 50, 60});
          Case c{{x, rois, image},
                 {{"output_height", number(3)},
                  {"output_width", number(2)},
                  {"sampling_ratio", ratio},
                  {"spatial_scale", 0.5f},
                  {"mode", std::string(largest ? "max" : "avg")},
                  {"coordinate_transformation_mode", std::string(aligned ? "half_pixel" : "output_half_pixel")}},
                 {regions(x, rois, image, 3, 2, p)}};
          cases.push_back(c);
          c.inputs[2].values.back() = 2;
          c.fault = "out of range";
          cases.push_back(c);
        }
}

const Rows rows({{"DeformConv", deform_conv}, {"RoiAlign", roi_align}});

}  // namespace
}  // namespace inferc::test
