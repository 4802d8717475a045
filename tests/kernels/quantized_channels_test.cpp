#include "kernels/cpu/quantized/channels.hpp"

#include <cstdint>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/ref/fixed.hpp"

namespace inferc {
namespace {

namespace q = cpu::quantized;
using fixed::Round;

// A window of two images; sizes of three dims.
struct Window {
  std::int64_t in[3], kernel[3], stride[3], dilation[3], pad[3], out[3];
  [[nodiscard]] std::size_t pixels() const { return static_cast<std::size_t>(in[0] * in[1] * in[2]); }
  [[nodiscard]] std::size_t positions() const { return static_cast<std::size_t>(out[0] * out[1] * out[2]); }
  [[nodiscard]] std::size_t taps() const { return static_cast<std::size_t>(kernel[0] * kernel[1] * kernel[2]); }
  [[nodiscard]] Sizes<18> sizes() const {
    Sizes<18> s{};
    for (int d = 0; d < 3; ++d) {
      s.value[d] = in[d], s.value[3 + d] = kernel[d], s.value[6 + d] = out[d];
      s.value[9 + d] = stride[d], s.value[12 + d] = dilation[d], s.value[15 + d] = pad[d];
    }
    return s;
  }
};
Sizes<3> three(const std::int64_t (&v)[3]) { return {v[0], v[1], v[2]}; }

// Padding on both sides, strides, dilation, three dims, a window that is the whole image, one that sees nothing at the end.
constexpr Window windows[] = {
    {{1, 5, 6}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}, {1, 5, 6}},  {{1, 7, 8}, {1, 3, 2}, {1, 2, 3}, {1, 1, 1}, {0, 1, 0}, {1, 4, 3}},
    {{1, 1, 9}, {1, 1, 3}, {1, 1, 1}, {1, 1, 3}, {0, 0, 4}, {1, 1, 11}}, {{3, 4, 5}, {2, 2, 2}, {1, 2, 1}, {1, 1, 2}, {1, 0, 1}, {4, 2, 5}},
    {{1, 4, 4}, {1, 4, 4}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}, {1, 1, 1}},  {{1, 1, 3}, {1, 1, 2}, {1, 1, 2}, {1, 1, 1}, {0, 0, 2}, {1, 1, 4}},
};
constexpr std::size_t channel_counts[] = {1, 3, 8, 16, 17, 24, 33, 64, 70, 130};

template <class X>
std::vector<X> image(const Window& w, std::size_t channels, std::mt19937& random) {
  std::vector<X> x(2 * w.pixels() * channels);
  for (X& v : x) v = static_cast<X>(random());
  return x;
}
// [2, channels, pixels] of [2, pixels, channels].
template <class X>
std::vector<X> channels_first(const std::vector<X>& x, std::size_t pixels, std::size_t channels) {
  std::vector<X> out(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) out[(i / (pixels * channels) * channels + i % channels) * pixels + i / channels % pixels] = x[i];
  return out;
}

// (sums + 5 for each column) / 4 to even within -100 and 120, `padded` as the kernel has its rows.
template <class X, class Weight, class Sum, class Out>
void check_depthwise(std::int64_t most_weight, std::int64_t fill) {
  using O = typename Out::type;
  using S = q::Steps<q::Add<q::Row<0>>, q::ShiftRight<Round::rnd_conv, q::Is<2>>, q::AtLeast<q::Is<-100>>, q::AtMost<q::Is<120>>>;
  const std::vector<std::int64_t> steps{0, 0, 1, 0, 0, 0, 2, 2, 0, 2, 0, 0, 3, 0, 0, -100, 0, 0, 4, 0, 0, 120, 0, 0};
  for (const Window& w : windows)
    for (const std::size_t channels : channel_counts) {
      std::mt19937 random(static_cast<unsigned>(channels));
      const std::vector<X> x = image<X>(w, channels, random), turned = channels_first(x, w.pixels(), channels);
      const std::size_t stride = (channels + 15) / 16 * 16;
      std::vector<std::int32_t> weights(w.taps() * channels);
      std::vector<Weight> packed(w.taps() * stride, Weight{1});
      std::vector<Sum> table(stride, 1);
      std::vector<std::int64_t> wide(stride);
      for (auto& v : weights)
        v = static_cast<std::int32_t>(static_cast<std::int64_t>(random() % static_cast<unsigned long>(2 * most_weight + 1)) - most_weight);
      for (std::size_t i = 0; i < weights.size(); ++i) packed[i / channels * stride + i % channels] = static_cast<Weight>(weights[i]);
      for (std::size_t c = 0; c < channels; ++c) wide[c] = static_cast<std::int64_t>(c) - 20, table[c] = static_cast<Sum>(wide[c]);
      std::vector<O> y(2 * w.positions() * channels + 1, O{7}), e = y;
      q::depthwise<S, Out>(Range{std::size_t{0}, 2 * w.positions()}, y.data(), x.data(), packed.data(), table.data(), fill, channels, w.sizes());
      ref::fixed_depthwise(e.data(), turned.data(), weights.data(), fill, wide.data(), steps.data(), steps.size() / fixed::step_numbers, 2, channels, stride,
                           1.0f, three(w.in), three(w.kernel), three(w.out), three(w.stride), three(w.dilation), three(w.pad));
      ASSERT_EQ(y, e) << channels << " channels, window " << &w - windows;
    }
}
TEST(QuantizedDepthwise, IsTheDefinitionForEveryType) {
  check_depthwise<std::uint8_t, std::int16_t, std::int32_t, q::Within<std::int8_t, -100, 120>>(127, 0);
  check_depthwise<std::int8_t, std::int16_t, std::int32_t, q::To<std::int16_t>>(127, -7),
      check_depthwise<std::uint8_t, std::int16_t, std::int32_t, q::To<std::int8_t>>(32767, 200);
  check_depthwise<std::int16_t, std::int16_t, std::int32_t, q::To<std::int32_t>>(2047, 3),
      check_depthwise<std::uint16_t, std::int32_t, std::int32_t, q::To<std::int8_t>>(1023, 65535);
  check_depthwise<std::int32_t, std::int64_t, std::int64_t, q::To<std::int8_t>>(1 << 20, 1 << 30),
      check_depthwise<std::uint16_t, std::int64_t, std::int64_t, q::ToFloat<0>>(32767, 0);
}

template <class X>
void check_max_pool() {
  for (const Window& w : windows)
    for (const std::size_t channels : channel_counts) {
      std::mt19937 random(static_cast<unsigned>(channels));
      const std::vector<X> x = image<X>(w, channels, random), turned = channels_first(x, w.pixels(), channels);
      std::vector<X> y(2 * w.positions() * channels + 1, X{7}), e = y;
      q::max_pool(Range{std::size_t{0}, 2 * w.positions()}, y.data(), x.data(), channels, w.sizes());
      ref::fixed_max_pool(e.data(), turned.data(), 2, channels, three(w.in), three(w.kernel), three(w.out), three(w.stride), three(w.dilation), three(w.pad));
      ASSERT_EQ(y, e) << channels << " channels, window " << &w - windows;
    }
}
TEST(QuantizedMaxPool, IsTheDefinitionForEveryType) {
  check_max_pool<std::int8_t>(), check_max_pool<std::uint8_t>(), check_max_pool<std::int16_t>(), check_max_pool<std::uint16_t>(),
      check_max_pool<std::int32_t>();
}

}  // namespace
}  // namespace inferc
