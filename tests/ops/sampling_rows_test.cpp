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
      total += std::max<Real>(0, 1 - std::fabs(row - static_cast<Real>(i))) * std::max<Real>(0, 1 - std::fabs(column - static_cast<Real>(j))) * x.at({n, c, i, j});
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
        const Real term = w.at({o[1], c, tap / kw, tap % kw}) * mask.at({o[0], place, o[2], o[3]}) * between(x, o[0], channel, position(0, tap / kw), position(1, tap % kw));
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
        Case c{{x, w, offset}, {{"group", p.group}, {"offset_group", p.offset_group}, {"strides", Integers{p.stride, p.stride}}, {"dilations", Integers{p.dilation, p.dilation}}, {"pads", Integers(4, p.pad)}}, {deformed(x, w, offset, bias, mask, p)}};
        if (given) c.inputs.push_back(bias), c.inputs.push_back(mask);
        cases.push_back(c);
      }
}

const Rows rows({{"DeformConv", deform_conv}});

}  // namespace
}  // namespace inferc::test
