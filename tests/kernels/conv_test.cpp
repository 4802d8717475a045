#include "kernels/cpu/conv.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "kernels/cpu/access.hpp"
#include "kernels/cpu/conv_transpose.hpp"
#include "kernels/cpu/pack.hpp"
#include "kernels/ref/conv.hpp"
#include "tests/kernels/product.hpp"

namespace inferc {
namespace {

struct AddBias {
  template <class V>
  static V apply(V acc, V bias) {
    return acc + bias;
  }
};

struct Case {
  std::size_t batch, groups, channels, filters;
  Sizes<3> in, kernel, stride, dilation, pad;
};

// `Channels` to `Filters` that tiles of their own are made for, or 0: sizes at run time.
template <std::size_t Channels = 0, std::size_t Filters = 0, class Beside = std::size_t, class Apart = std::size_t>
void check(const Case& c, Beside beside = {}, Apart apart = {}) {
  Sizes<3> out{}, padded{};
  Sizes<15> sizes{};
  std::size_t taps = 1, pixels = 1, plane = 1, padded_plane = 1;
  for (int d = 0; d < 3; ++d) {
    padded.value[d] = c.in.value[d] + 2 * c.pad.value[d];
    out.value[d] = (padded.value[d] - c.dilation.value[d] * (c.kernel.value[d] - 1) - 1) / c.stride.value[d] + 1;
    sizes.value[d] = padded.value[d], sizes.value[3 + d] = c.kernel.value[d], sizes.value[6 + d] = out.value[d];
    sizes.value[9 + d] = c.stride.value[d], sizes.value[12 + d] = c.dilation.value[d];
    taps *= static_cast<std::size_t>(c.kernel.value[d]), pixels *= static_cast<std::size_t>(out.value[d]);
    plane *= static_cast<std::size_t>(c.in.value[d]), padded_plane *= static_cast<std::size_t>(padded.value[d]);
  }
  const std::size_t inputs = c.groups * c.channels, outputs = c.groups * c.filters, k = taps * c.channels;
  const std::vector<float> x = cancelling(c.batch * inputs * plane, 1), w = cancelling(outputs * k, 2), bias = cancelling(outputs, 3);
  std::vector<float> want(c.batch * outputs * pixels), got(want.size()), last(want.size()), padded_x(c.batch * inputs * padded_plane, -1);
  ref::conv<float, 3>(want.data(), x.data(), w.data(), bias.data(), 1, c.batch, c.groups, c.channels, c.filters, c.in, c.kernel, out, c.stride, c.dilation,
                      c.pad);
  std::vector<float> packed, columns(k * c.filters);
  for (std::size_t g = 0; g < c.groups; ++g) {
    for (std::size_t f = 0; f < c.filters; ++f)
      for (std::size_t t = 0; t < taps; ++t)
        for (std::size_t i = 0; i < c.channels; ++i) columns[(t * c.channels + i) * c.filters + f] = w[((g * c.filters + f) * c.channels + i) * taps + t];
    std::vector<float> panels(cpu::packed_size(k, c.filters));
    cpu::pack_panels(panels.data(), columns.data(), k, c.filters, c.filters, std::size_t{1});
    packed.insert(packed.end(), panels.begin(), panels.end());
  }
  const auto n = [](std::int64_t v) { return static_cast<std::size_t>(v); };
  const auto s = [](std::size_t v) { return static_cast<std::ptrdiff_t>(v); };
  const std::size_t row = n(c.in.value[2]), slice = n(c.in.value[1]) * row;
  const std::size_t lines = c.batch * n(padded.value[0] * padded.value[1]);
  for (const Range<std::size_t, std::size_t> part : {Range{std::size_t{0}, lines / 2}, Range{lines / 2, lines}})
    cpu::pad_channels_last(part, padded_x.data(),
                           {x.data(), {c.batch, inputs, n(c.in.value[0]), n(c.in.value[1]), row}, {s(inputs * plane), s(plane), s(slice), s(row), 1}}, c.pad,
                           padded);
  const auto convolve = [&](auto channels, auto filters) {
    const std::size_t all = c.batch * pixels;
    for (const Range<std::size_t, std::size_t> part : {Range{std::size_t{0}, all / 3}, Range{all / 3, all}})
      cpu::conv(part, last.data(), padded_x.data(), packed.data(), c.groups, channels, filters, sizes, beside, apart,
                cpu::epilogue<AddBias>(cpu::Row{bias.data()}));
  };
  if constexpr (Channels > 0) {
    ASSERT_TRUE(c.channels == Channels && c.filters == Filters);
    convolve(dim<Channels>{}, dim<Filters>{});
  } else {
    convolve(c.channels, c.filters);
  }
  for (const Range<std::size_t, std::size_t> part : {Range{std::size_t{0}, c.batch * pixels / 3}, Range{c.batch * pixels / 3, c.batch * pixels}})
    cpu::channels_first(part, got.data(), last.data(), pixels, outputs);
  for (std::size_t i = 0; i < want.size(); ++i) ASSERT_EQ(got[i], want[i]) << c.channels << " to " << c.filters << " at " << i;
}

TEST(Conv, FollowsTheOrderOfTheContract) {
  const Sizes<3> one{{1, 1, 1}}, none{{0, 0, 0}};
  check({2, 1, 3, 20, {{1, 1, 40}}, {{1, 1, 5}}, one, one, {{0, 0, 2}}});
  check({1, 1, 32, 32, {{1, 9, 16}}, {{1, 3, 3}}, one, one, {{0, 1, 1}}});
  check({2, 1, 7, 70, {{1, 12, 11}}, {{1, 3, 2}}, {{1, 2, 1}}, {{1, 1, 2}}, {{0, 1, 1}}});
  check({1, 1, 5, 16, {{5, 6, 7}}, {{3, 3, 3}}, one, one, one});
  check({3, 1, 4, 16, {{3, 2, 3}}, {{3, 3, 3}}, one, one, one});
  check({2, 1, 4, 33, {{5, 3, 4}}, {{3, 3, 2}}, {{2, 1, 2}}, one, one});
  check({1, 4, 3, 5, {{1, 6, 7}}, {{1, 3, 3}}, one, one, {{0, 1, 1}}});
  check({1, 6, 1, 1, {{1, 8, 8}}, {{1, 3, 3}}, one, one, {{0, 1, 1}}});
  check({3, 1, 300, 64, {{1, 1, 9}}, {{1, 1, 1}}, one, one, none});
  check<16, 16>({2, 1, 16, 16, {{2, 5, 7}}, {{3, 3, 3}}, one, one, one}, dim<1>{}, dim<16>{});
}

TEST(Conv, ReadsRunsOfPixelsOfALine) {
  const Sizes<3> one{{1, 1, 1}};
  check<16, 16>({2, 1, 16, 16, {{3, 5, 9}}, {{3, 3, 3}}, one, one, one}, dim<3>{}, dim<16>{});
  check<16, 16>({2, 1, 16, 16, {{1, 7, 4}}, {{1, 3, 3}}, one, one, {{0, 1, 1}}}, dim<4>{}, dim<16>{});
  check<16, 16>({1, 1, 16, 16, {{1, 3, 24}}, {{1, 3, 3}}, one, one, {{0, 1, 1}}}, dim<24>{}, dim<16>{});
  check({1, 1, 16, 33, {{1, 9, 17}}, {{1, 3, 3}}, {{1, 1, 2}}, one, {{0, 1, 1}}}, dim<3>{}, dim<32>{});
  check({1, 1, 16, 33, {{1, 9, 10}}, {{1, 3, 3}}, one, {{1, 1, 2}}, {{0, 1, 2}}}, dim<2>{}, dim<16>{});
  check({2, 2, 4, 5, {{1, 5, 6}}, {{1, 3, 3}}, one, one, {{0, 1, 1}}}, dim<6>{}, dim<8>{});
}

TEST(Conv, ReadsAValueOnceForThreeTaps) {
  const Sizes<3> one{{1, 1, 1}};
  check<16, 16>({2, 1, 16, 16, {{3, 5, 9}}, {{3, 3, 3}}, one, one, one}, dim<9>{}, dim<16>{});
  check<16, 16>({1, 1, 16, 16, {{2, 3, 30}}, {{3, 3, 3}}, one, one, one}, dim<30>{}, dim<16>{});
  check<32, 13>({2, 1, 32, 13, {{2, 4, 14}}, {{3, 2, 3}}, one, {{2, 1, 1}}, {{2, 1, 1}}}, dim<14>{}, dim<32>{});
  check<32, 13>({2, 1, 32, 13, {{1, 5, 15}}, {{1, 3, 3}}, one, one, {{0, 1, 1}}}, dim<5>{}, dim<32>{});
  check<16, 16>({1, 1, 16, 16, {{1, 4, 13}}, {{1, 3, 4}}, one, one, {{0, 1, 1}}}, dim<4>{}, dim<16>{});         // four wide
  check<16, 16>({1, 1, 16, 16, {{1, 4, 7}}, {{1, 3, 3}}, one, {{1, 1, 2}}, {{0, 1, 2}}}, dim<7>{}, dim<16>{});  // apart
  check<16, 16>({1, 1, 16, 16, {{1, 5, 9}}, {{1, 3, 3}}, {{1, 2, 1}}, one, {{0, 1, 1}}}, dim<9>{}, dim<16>{});  // down by two
}

// The transposed convolution with `out` sizes: stride (in - 1) + reach + extra - pads.
void check_transposed(const Case& c, Sizes<3> extra) {
  Sizes<3> out{};
  Sizes<15> sizes{};
  std::size_t taps = 1, pixels = 1, plane = 1;
  for (int d = 0; d < 3; ++d) {
    out.value[d] = c.stride.value[d] * (c.in.value[d] - 1) + c.dilation.value[d] * (c.kernel.value[d] - 1) + 1 + extra.value[d] - 2 * c.pad.value[d];
    sizes.value[d] = c.in.value[d], sizes.value[3 + d] = c.kernel.value[d], sizes.value[6 + d] = out.value[d];
    sizes.value[9 + d] = c.stride.value[d], sizes.value[12 + d] = c.dilation.value[d];
    taps *= static_cast<std::size_t>(c.kernel.value[d]), pixels *= static_cast<std::size_t>(out.value[d]);
    plane *= static_cast<std::size_t>(c.in.value[d]);
  }
  const std::size_t inputs = c.groups * c.channels, outputs = c.groups * c.filters, k = taps * c.channels;
  const std::vector<float> x = cancelling(c.batch * inputs * plane, 4), w = cancelling(inputs * c.filters * taps, 5), bias = cancelling(outputs, 6);
  std::vector<float> want(c.batch * outputs * pixels), got(want.size()), last(want.size()), x_last(x.size());
  ref::conv_transpose<float, 3>(want.data(), x.data(), w.data(), bias.data(), 1, c.batch, c.groups, c.channels, c.filters, c.in, c.kernel, out, c.stride,
                                c.dilation, c.pad);
  std::vector<float> packed, columns(k * c.filters);
  for (std::size_t g = 0; g < c.groups; ++g) {
    for (std::size_t f = 0; f < c.filters; ++f)
      for (std::size_t t = 0; t < taps; ++t)
        for (std::size_t i = 0; i < c.channels; ++i) columns[(t * c.channels + i) * c.filters + f] = w[((g * c.channels + i) * c.filters + f) * taps + t];
    std::vector<float> panels(cpu::packed_size(k, c.filters));
    cpu::pack_panels(panels.data(), columns.data(), k, c.filters, c.filters, std::size_t{1});
    packed.insert(packed.end(), panels.begin(), panels.end());
  }
  for (std::size_t n = 0; n < c.batch; ++n)
    for (std::size_t i = 0; i < inputs; ++i)
      for (std::size_t p = 0; p < plane; ++p) x_last[(n * plane + p) * inputs + i] = x[(n * inputs + i) * plane + p];
  const auto convolve = [&](auto channels, auto filters) {
    const std::size_t all = c.batch * pixels;
    for (const Range<std::size_t, std::size_t> part : {Range{std::size_t{0}, all / 3}, Range{all / 3, all}})
      cpu::conv_transpose(part, last.data(), x_last.data(), packed.data(), c.groups, channels, filters, sizes, c.pad,
                          cpu::epilogue<AddBias>(cpu::Row{bias.data()}));
  };
  if (c.channels == 16 && c.filters == 16) convolve(dim<16>{}, dim<16>{});  // sizes whose taps are whole blocks
  else if (c.channels == 64 && c.filters == 70) convolve(dim<64>{}, dim<70>{});
  else if (c.channels == 32 && c.filters == 5) convolve(dim<32>{}, dim<5>{});
  else convolve(c.channels, c.filters);
  for (const Range<std::size_t, std::size_t> part : {Range{std::size_t{0}, c.batch * pixels / 3}, Range{c.batch * pixels / 3, c.batch * pixels}})
    cpu::channels_first(part, got.data(), last.data(), pixels, outputs);
  for (std::size_t i = 0; i < want.size(); ++i) ASSERT_EQ(got[i], want[i]) << c.channels << " to " << c.filters << " at " << i;
}

TEST(ConvTranspose, FollowsTheOrderOfTheContract) {
  const Sizes<3> one{{1, 1, 1}}, none{{0, 0, 0}};
  check_transposed({2, 1, 3, 20, {{1, 1, 9}}, {{1, 1, 4}}, {{1, 1, 2}}, one, {{0, 0, 1}}}, none);
  check_transposed({1, 1, 32, 32, {{3, 4, 4}}, {{3, 4, 4}}, {{2, 2, 2}}, one, one}, {{0, 0, 1}});
  check_transposed({2, 1, 7, 70, {{1, 5, 6}}, {{1, 3, 2}}, {{1, 2, 3}}, {{1, 1, 2}}, {{0, 1, 1}}}, none);
  check_transposed({1, 4, 3, 5, {{1, 6, 7}}, {{1, 3, 3}}, one, one, none}, none);
  check_transposed({1, 1, 300, 64, {{1, 1, 5}}, {{1, 1, 3}}, {{1, 1, 2}}, one, none}, {{0, 0, 1}});
}

TEST(ConvTranspose, TakesPixelsOfEqualTapsTogether) {
  const Sizes<3> one{{1, 1, 1}}, none{{0, 0, 0}};
  check_transposed({2, 1, 16, 16, {{3, 5, 4}}, {{3, 4, 4}}, {{2, 2, 2}}, one, one}, {{0, 1, 0}});
  check_transposed({1, 1, 16, 16, {{1, 4, 9}}, {{1, 3, 2}}, {{1, 2, 3}}, one, none}, none);  // pixels that no tap meets
  check_transposed({3, 1, 64, 70, {{1, 3, 7}}, {{1, 3, 3}}, one, {{1, 1, 2}}, {{0, 1, 2}}}, none);
  check_transposed({1, 2, 32, 5, {{1, 3, 5}}, {{1, 5, 4}}, {{1, 2, 2}}, one, {{0, 2, 1}}}, none);
  check_transposed({1, 1, 16, 16, {{1, 1, 20}}, {{1, 1, 4}}, {{1, 1, 2}}, one, {{0, 0, 1}}}, none);
}

}  // namespace
}  // namespace inferc
