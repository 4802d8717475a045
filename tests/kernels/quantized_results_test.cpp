#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/cpu/quantized/linear.hpp"
#include "kernels/cpu/quantized/map.hpp"
#include "kernels/cpu/quantized/pack.hpp"
#include "kernels/ref/fixed.hpp"
#include "kernels/ref/quantize.hpp"

namespace inferc {
namespace {

namespace q = cpu::quantized;
using fixed::Round;

// (a 2^shift_a + b 2^shift_b + 5) / 8 within -100 and 120, by the kernel and by its definition, for sizes around those of vectors.
template <int shift_a, int shift_b, class X, class Sum, class Out>
void check_add(float unit) {
  using O = typename Out::type;
  using S = q::Steps<q::Add<q::Is<5>>, q::ShiftRight<Round::rnd_conv, q::Is<3>>, q::AtLeast<q::Is<-100>>, q::AtMost<q::Is<120>>>;
  const std::vector<std::int64_t> steps{0, 0, 0, 5, 0, 0, 2, 2, 0, 3, 0, 0, 3, 0, 0, -100, 0, 0, 4, 0, 0, 120, 0, 0};
  const std::vector<Sum> table(16, 0);
  const std::int64_t none = 0;
  for (std::size_t n = 0; n < 70; ++n) {
    std::mt19937 random(static_cast<unsigned>(n));
    std::vector<X> a(n), b(n);
    for (X& v : a) v = static_cast<X>(random());
    for (X& v : b) v = static_cast<X>(random());
    std::vector<O> y(n + 1, O{7}), e(n + 1, O{7});
    q::add<shift_a, shift_b, S, Out>(Range{dim<0>{}, dim<1>{}}, y.data(), a.data(), b.data(), table.data(), n);
    ref::fixed_add(e.data(), a.data(), b.data(), shift_a, shift_b, &none, steps.data(), steps.size() / fixed::step_numbers, n, unit);
    ASSERT_EQ(y, e) << n;
  }
}

TEST(QuantizedAdd, IsTheDefinitionForEveryType) {
  check_add<0, 0, std::uint8_t, std::int32_t, q::To<std::int8_t>>(1), check_add<3, 0, std::int8_t, std::int32_t, q::To<std::int16_t>>(1);
  check_add<0, 5, std::int16_t, std::int32_t, q::To<std::int8_t>>(1), check_add<1, 0, std::uint8_t, std::int32_t, q::ToFloat<4>>(0.0625f);
  check_add<24, 2, std::int32_t, std::int64_t, q::To<std::int8_t>>(1), check_add<0, 24, std::int16_t, std::int64_t, q::To<std::int32_t>>(1);
}

template <std::int64_t first, class X, class O>
void check_table(std::size_t points) {
  std::vector<O> entries(points);
  for (std::size_t i = 0; i < points; ++i) entries[i] = static_cast<O>(static_cast<std::int64_t>(i * 37) - 50);
  for (std::size_t n = 0; n < 70; ++n) {
    std::mt19937 random(static_cast<unsigned>(n));
    std::vector<X> x(n);
    for (X& v : x) v = static_cast<X>(static_cast<std::int64_t>(random() % points) + first);
    std::vector<O> y(n + 1, O{7}), e(n + 1, O{7});
    q::table<first>(Range{dim<0>{}, dim<1>{}}, y.data(), x.data(), entries.data(), n);
    const auto offset = static_cast<std::int32_t>(-first);
    ref::fixed_table(e.data(), x.data(), entries.data(), &offset, 1, 1, n);
    ASSERT_EQ(y, e) << n;
  }
}
TEST(QuantizedTable, IsTheDefinitionForEveryType) {
  check_table<-128, std::int8_t, std::int8_t>(256), check_table<0, std::uint8_t, float>(256), check_table<-4, std::int8_t, std::int32_t>(9);
  check_table<-2048, std::int16_t, std::uint8_t>(4096), check_table<7, std::uint16_t, std::int16_t>(300), check_table<-100, std::int32_t, std::uint16_t>(101);
}

// A table for each column, of sizes and beginnings of its own; columns of single elements and of several.
template <class X, class O>
void check_tables() {
  for (const std::size_t cols : {1u, 3u, 7u, 8u, 9u, 24u, 33u})
    for (const std::size_t inner : {1u, 2u, 8u, 19u}) {
      std::mt19937 random(static_cast<unsigned>(cols * 100 + inner));
      std::vector<O> entries;
      std::vector<std::int32_t> offset(cols);
      std::vector<X> x(4 * cols * inner);
      for (std::size_t c = 0; c < cols; ++c) {
        const auto first = static_cast<std::int32_t>(c % 5 * 3), points = static_cast<std::int32_t>(1 + random() % 50);
        offset[c] = static_cast<std::int32_t>(entries.size()) - first;
        for (std::int32_t i = 0; i < points; ++i) entries.push_back(static_cast<O>(random() % 100));
        for (std::size_t i = 0; i < x.size(); ++i)
          if (i / inner % cols == c) x[i] = static_cast<X>(first + static_cast<std::int32_t>(random() % static_cast<unsigned>(points)));
      }
      std::vector<O> y(x.size() + 1, O{7}), e(x.size() + 1, O{7});
      q::tables(Range{std::size_t{1}, std::size_t{3}}, y.data(), x.data(), entries.data(), offset.data(), cols, inner);
      ref::fixed_table(e.data() + cols * inner, x.data() + cols * inner, entries.data(), offset.data(), 2, cols, inner);
      ASSERT_EQ(y, e) << cols << " x " << inner;
      if (inner != 1) continue;
      q::tables(Range{dim<0>{}, dim<4>{}}, y.data(), x.data(), entries.data(), offset.data(), cols, dim<1>{});
      ref::fixed_table(e.data(), x.data(), entries.data(), offset.data(), 4, cols, 1);
      ASSERT_EQ(y, e) << cols;
    }
}
TEST(QuantizedTables, AreTheDefinitionForEveryType) {
  check_tables<std::uint8_t, std::int8_t>(), check_tables<std::int8_t, float>(), check_tables<std::int16_t, std::uint8_t>();
  check_tables<std::uint16_t, std::int16_t>(), check_tables<std::int32_t, std::int32_t>();
}

// Ties, values far beyond, and what is no number, by a scale that is no power of two and one that is.
template <class O>
void check_linear_quantisers(O zero) {
  for (const float scale : {0.0371f, 0.25f})
    for (std::size_t n = 0; n < 70; ++n) {
      std::mt19937 random(static_cast<unsigned>(n));
      std::vector<float> x(n), back(n + 1, 7), e_back(n + 1, 7);
      for (float& v : x) v = static_cast<float>(static_cast<int>(random() % 2001) - 1000) * scale / 2 * (random() % 9 == 0 ? 1e6f : 1.0f);
      for (std::size_t i = 0; i + 3 < n; i += 13) x[i] = limits::infinity<float>, x[i + 1] = -limits::infinity<float>, x[i + 2] = x[i] + x[i + 1];
      std::vector<O> y(n + 1, O{7}), e(n + 1, O{7});
      q::quantize_linear(Range{dim<0>{}, dim<1>{}}, y.data(), x.data(), &scale, &zero, n);
      for (std::size_t i = 0; i < n; ++i) e[i] = ref::saturate(x[i] / scale, zero);
      ASSERT_EQ(y, e) << n;
      q::dequantize_linear(Range{dim<0>{}, dim<1>{}}, back.data(), y.data(), &scale, &zero, n);
      for (std::size_t i = 0; i < n; ++i) e_back[i] = static_cast<float>(static_cast<std::int64_t>(e[i]) - zero) * scale;
      ASSERT_EQ(back, e_back) << n;
    }
}
TEST(QuantizeLinear, IsTheDefinitionForEveryType) {
  check_linear_quantisers<std::int8_t>(0), check_linear_quantisers<std::int8_t>(-5), check_linear_quantisers<std::uint8_t>(128);
  check_linear_quantisers<std::int16_t>(-300), check_linear_quantisers<std::uint16_t>(40000);
}

// v * 0.0173 / divisor, or by a factor for each column, + 3: also where the quotient is far beyond an integer.
template <class Factor, class Divisor>
void check_rescaled(const std::vector<std::int64_t>& step, float most) {
  using S = q::Steps<q::Rescale<Factor, Divisor>, q::Add<q::Is<3>>>;
  std::vector<std::int64_t> steps = step;
  steps.insert(steps.end(), {0, 0, 0, 3, 0, 0});
  for (std::size_t cols = 1; cols < 40; ++cols) {
    const std::size_t stride = (cols + 15) / 16 * 16;
    std::vector<std::int32_t> table(stride), x(5 * cols), y(x.size()), e(x.size());
    std::vector<std::int64_t> wide(stride);
    std::mt19937 random(static_cast<unsigned>(cols));
    for (std::size_t c = 0; c < stride; ++c) wide[c] = table[c] = bit_cast<std::int32_t>(most / static_cast<float>(1 + c));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<std::int32_t>(random()) >> (i % 24);
    q::map<S, q::To<std::int32_t>>(Range{dim<0>{}, dim<5>{}}, y.data(), x.data(), table.data(), cols);
    ref::fixed_map(e.data(), x.data(), wide.data(), steps.data(), steps.size() / fixed::step_numbers, 5, cols, stride, 1.0f);
    ASSERT_EQ(y, e) << cols;
    for (std::size_t i = 0; i < x.size() && step[2] == 1; ++i) {
      const float v = static_cast<float>(x[i]) * bit_cast<float>(table[i % cols]) / 0.5f;
      ASSERT_EQ(y[i], 3 + static_cast<std::int64_t>(v > 0x1p30f ? 0x1p30f : v < -0x1p30f ? -0x1p30f : __builtin_rintf(v))) << x[i];
    }
  }
}
TEST(QuantizedSteps, RescaleInFloat32) {
  constexpr std::int64_t factor = bit_cast<std::int32_t>(0.0173f), half = bit_cast<std::int32_t>(0.5f), tiny = bit_cast<std::int32_t>(1e-30f);
  check_rescaled<q::Is<factor>, q::Is<half>>({7, 0, 0, factor, 0, half}, 0), check_rescaled<q::Is<factor>, q::Is<tiny>>({7, 0, 0, factor, 0, tiny}, 0);
  check_rescaled<q::Row<0>, q::Is<half>>({7, 0, 1, 0, 0, half}, 0.5f), check_rescaled<q::Row<0>, q::Is<half>>({7, 0, 1, 0, 0, half}, 300.0f);
}

// Results of bytes within bounds, which are stored several vectors at once: sums from far below to far above them.
template <class O, std::int64_t low, std::int64_t high>
void check_within() {
  constexpr std::size_t k = 6;
  for (std::size_t m = 0; m <= 19; ++m)
    for (const std::size_t n : {1u, 5u, 8u, 16u, 24u, 32u, 33u, 48u, 64u, 80u, 130u}) {
      std::mt19937 random(static_cast<unsigned>(m * 131 + n));
      std::vector<std::uint8_t> x(m * k);
      std::vector<std::int32_t> w(k * n);
      for (auto& v : x) v = static_cast<std::uint8_t>(random() % 128);
      for (auto& v : w) v = static_cast<std::int32_t>(random() % 129) - 64;
      std::vector<std::int8_t> packed(q::packed_size(k, n, 4));
      q::pack_groups(packed.data(), w.data(), k, n, 4, n, std::size_t{1});
      const std::vector<std::int32_t> table((n + 15) / 16 * 16, 0);
      const std::size_t ldy = n + 3;
      std::vector<O> y(m * ldy, O{7});
      for (const bool far : {false, true}) {  // shifted to the left beyond 16 bits
        if (far)
          q::linear<q::Bytes<2>, q::Steps<q::ShiftLeft<q::Is<12>>>, q::Within<O, low, high>>(Range{std::size_t{0}, m}, y.data(), ldy, x.data(), k,
                                                                                             packed.data(), table.data(), n, k);
        else
          q::linear<q::Bytes<2>, q::Steps<q::ShiftRight<Round::rnd, q::Is<5>>>, q::Within<O, low, high>>(Range{std::size_t{0}, m}, y.data(), ldy, x.data(), k,
                                                                                                         packed.data(), table.data(), n, k);
        for (std::size_t i = 0; i < m * ldy; ++i) {
          std::int64_t e = 0;
          for (std::size_t p = 0; p < k && i % ldy < n; ++p) e += x[i / ldy * k + p] * w[p * n + i % ldy];
          e = far ? e * 4096 : fixed::shift_right<Round::rnd, std::int64_t>(e, 5);
          ASSERT_EQ(y[i], i % ldy < n ? std::min(std::max(e, low), high) : 7) << m << 'x' << n << " at " << i;
        }
      }
    }
}
TEST(QuantizedWithin, IsTheNextBoundOfWhatIsBeyond) {
  check_within<std::uint8_t, 0, 127>(), check_within<std::uint8_t, 0, 255>(), check_within<std::uint8_t, 3, 100>();
  check_within<std::int8_t, -128, 127>(), check_within<std::int8_t, -16, 15>();
}

}  // namespace
}  // namespace inferc
