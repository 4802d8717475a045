#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/cpu/quantized/linear.hpp"
#include "kernels/cpu/quantized/map.hpp"
#include "kernels/cpu/quantized/pack.hpp"
#include "kernels/ref/fixed.hpp"

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
    ref::fixed_table(e.data(), x.data(), entries.data(), first, n);
    ASSERT_EQ(y, e) << n;
  }
}
TEST(QuantizedTable, IsTheDefinitionForEveryType) {
  check_table<-128, std::int8_t, std::int8_t>(256), check_table<0, std::uint8_t, float>(256), check_table<-4, std::int8_t, std::int32_t>(9);
  check_table<-2048, std::int16_t, std::uint8_t>(4096), check_table<7, std::uint16_t, std::int16_t>(300), check_table<-100, std::int32_t, std::uint16_t>(101);
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
