#include "kernels/cpu/map.hpp"

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/functors.hpp"
#include "tests/kernels/digest.hpp"

namespace inferc {
namespace {

using cpu::Step;
using cpu::Strided;

constexpr std::size_t sizes[] = {0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 1025};

struct Gelu {  // a chain as the fuser makes it
  template <class X, class B>
  static auto apply(X x, B b) {
    const auto y = functors::add::apply(x, b);
    return functors::mul::apply(y, functors::sigmoid::apply(y));
  }
};
struct Select {
  template <class X, class Y>
  static auto apply(X x, Y y) {
    return functors::where::apply(functors::logical_not::apply(functors::less::apply(x, y)), functors::sqrt::apply(functors::abs::apply(x)), y);
  }
};

std::vector<float> random_floats(std::size_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> draw(-4, 4);
  std::vector<float> x(n);
  for (float& v : x) v = draw(random);
  return x;
}

bool same_bits(float a, float b) { return std::memcmp(&a, &b, 4) == 0; }

template <class F>
void flat(std::size_t n, Digest& digest) {
  const auto a = random_floats(n + 1, 1), b = random_floats(n + 1, 2);
  std::vector<float> out(n + 20, -7.0f);
  cpu::map<F>(Range{std::size_t{0}, n}, Strided<float, 1, Step::unit>{out.data(), {1}}, Strided<const float, 1, Step::unit>{a.data(), {1}},
              Strided<const float, 1, Step::unit>{b.data() + 1, {1}});
  for (std::size_t i = 0; i < out.size(); ++i) ASSERT_TRUE(same_bits(out[i], i < n ? F::apply(a[i], b[i + 1]) : -7.0f)) << n << ' ' << i;
  digest.add(out);
}

TEST(Map, RowsOfAnyLengthWithoutTouchingWhatFollows) {
  Digest digest;
  for (const std::size_t n : sizes) flat<Gelu>(n, digest), flat<Select>(n, digest);
  EXPECT_EQ(digest.value(), 2084723254u);
}

// Two dims, strides and steps of all kinds, against scalars.
template <Step O, Step A, Step B>
void strided(std::size_t rows, std::size_t n, Digest& digest) {
  const auto step = [](Step s) { return s == Step::unit ? std::ptrdiff_t{1} : s == Step::splat ? std::ptrdiff_t{0} : std::ptrdiff_t{-3}; };
  const std::size_t pitch = 3 * n + 5;
  const auto a = random_floats(rows * pitch + 1, 3), b = random_floats(rows * pitch + 1, 4);
  std::vector<float> out(rows * pitch + 1, -7.0f), expected = out;
  const auto begin = [&](Step s) { return s == Step::any && n > 0 ? static_cast<std::ptrdiff_t>(3 * (n - 1)) : std::ptrdiff_t{0}; };
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      const auto at = [&](Step s) {
        return static_cast<std::size_t>(begin(s) + static_cast<std::ptrdiff_t>(i * pitch) + static_cast<std::ptrdiff_t>(j) * step(s));
      };
      expected[at(O)] = Gelu::apply(a[at(A)], b[at(B)]);
    }
  const auto p = static_cast<std::ptrdiff_t>(pitch);
  cpu::map<Gelu>(Range{std::size_t{0}, rows}, Sizes<0>{{0}}, n, Strided<float, 2, O>{out.data() + begin(O), {p, step(O)}},
                 Strided<const float, 2, A>{a.data() + begin(A), {p, step(A)}}, Strided<const float, 2, B>{b.data() + begin(B), {p, step(B)}});
  for (std::size_t i = 0; i < out.size(); ++i) ASSERT_TRUE(same_bits(out[i], expected[i])) << rows << 'x' << n << ' ' << i;
  digest.add(out);
}

TEST(Map, AnyStridesAndBroadcasts) {
  Digest digest;
  for (const std::size_t n : sizes)
    for (const std::size_t rows : {0u, 1u, 5u}) {
      strided<Step::unit, Step::unit, Step::splat>(rows, n, digest);
      strided<Step::unit, Step::any, Step::unit>(rows, n, digest);
      strided<Step::any, Step::splat, Step::any>(rows, n, digest);
    }
  EXPECT_EQ(digest.value(), 3972494630u);
}

template <std::size_t N>
void fixed(Digest& digest) {
  const auto a = random_floats(3 * N + 1, 5), b = random_floats(N + 1, 6);
  std::vector<float> out(3 * N + 20, -7.0f);
  cpu::map<Gelu>(Range{dim<0>{}, dim<3>{}}, Sizes<0>{{0}}, dim<N>{}, Strided<float, 2, Step::unit>{out.data(), {N, 1}},
                 Strided<const float, 2, Step::unit>{a.data(), {N, 1}}, Strided<const float, 2, Step::unit>{b.data(), {0, 1}});
  for (std::size_t i = 0; i < out.size(); ++i)
    ASSERT_TRUE(same_bits(out[i], i < 3 * N ? Gelu::apply(a[i], b[i - i / (N + (N == 0)) * N]) : -7.0f)) << N << ' ' << i;
  digest.add(out);
}

TEST(Map, ConstantLengths) {
  Digest digest;
  fixed<0>(digest), fixed<1>(digest), fixed<3>(digest), fixed<4>(digest), fixed<5>(digest), fixed<8>(digest), fixed<15>(digest);
  fixed<16>(digest), fixed<17>(digest), fixed<31>(digest), fixed<33>(digest), fixed<64>(digest), fixed<100>(digest);
  EXPECT_EQ(digest.value(), 3898223728u);
}

TEST(Map, MiddleDimsAndOtherElementTypes) {
  const std::size_t shape[4] = {2, 3, 4, 5};
  std::vector<std::int64_t> a(120), out(120);
  std::vector<double> b(120);
  std::vector<std::uint8_t> mask(20);
  for (std::size_t i = 0; i < 120; ++i) a[i] = static_cast<std::int64_t>(i) - 60, b[i] = 0.5 * static_cast<double>(i);
  for (std::size_t i = 0; i < 20; ++i) mask[i] = i % 3 == 0;
  struct Pick {
    static std::int64_t apply(bool c, std::int64_t x, double y) { return functors::where::apply(c, x, static_cast<std::int64_t>(y)); }
  };
  cpu::map<Pick>(Range{std::size_t{0}, shape[0]}, Sizes<2>{{3, 4}}, dim<5>{}, Strided<std::int64_t, 4, Step::unit>{out.data(), {60, 20, 5, 1}},
                 Strided<const bool, 4, Step::unit>{reinterpret_cast<const bool*>(mask.data()), {0, 0, 5, 1}},
                 Strided<const std::int64_t, 4, Step::unit>{a.data(), {60, 20, 5, 1}}, Strided<const double, 4, Step::any>{b.data(), {1, 2, 6, 24}});
  for (std::size_t i = 0; i < 120; ++i) {
    const std::size_t j = i % 5, k = i / 5 % 4, l = i / 20 % 3, m = i / 60;
    EXPECT_EQ(out[i], mask[k * 5 + j] != 0 ? a[i] : static_cast<std::int64_t>(b[m + 2 * l + 6 * k + 24 * j]));
  }
}

TEST(Map, InPlaceAndRanges) {
  auto x = random_floats(100, 7);
  const auto before = x;
  const auto b = random_floats(100, 8);
  cpu::map<Gelu>(Range{std::size_t{17}, std::size_t{83}}, Strided<float, 1, Step::unit>{x.data(), {1}}, Strided<const float, 1, Step::unit>{x.data(), {1}},
                 Strided<const float, 1, Step::unit>{b.data(), {1}});
  for (std::size_t i = 0; i < 100; ++i) EXPECT_TRUE(same_bits(x[i], i >= 17 && i < 83 ? Gelu::apply(before[i], b[i]) : before[i]));
}

struct Rounding {
  template <class X>
  static X apply(X x) {
    return functors::add::apply(functors::floor::apply(x), functors::mul::apply(functors::ceil::apply(x), functors::sign::apply(x)));
  }
};
TEST(Map, VectorFormsOfFunctorsEqualTheScalarOnes) {
  std::vector<float> x = {0.0f, -0.0f, 0.3f, -0.3f, 0.5f, -0.5f, 1.5f, -2.5f, 8388607.5f, 1e30f, -1e30f, INFINITY, -INFINITY, NAN, 3.0f, -7.0f, 2.2f};
  std::vector<float> out(x.size());
  cpu::map<Rounding>(Range{std::size_t{0}, x.size()}, Strided<float, 1, Step::unit>{out.data(), {1}}, Strided<const float, 1, Step::unit>{x.data(), {1}});
  for (std::size_t i = 0; i < x.size(); ++i) {
    const float expected = Rounding::apply(x[i]);
    EXPECT_TRUE(out[i] == expected || (std::isnan(out[i]) && std::isnan(expected))) << x[i];
  }
}

struct Gate {  // float and bool in, float out, as the fuser writes it
  template <class C, class X>
  static auto apply(C c, X x) {
    const auto positive = functors::greater::apply(x, splat<FloatLike<C>>(0.0f));
    return functors::where::apply(functors::logical_and::apply(c, positive), functors::atan::apply(x), functors::cast<float>::apply(c));
  }
};
struct Exceptional {  // float in, bool out
  template <class X>
  static auto apply(X x) {
    return functors::logical_or::apply(functors::is_inf::apply(x, 1.0f, 0.0f), functors::cast<bool>::apply(functors::floor::apply(x)));
  }
};

// Rows of n elements, the condition at step `S`, behind an element that must stay.
template <Step S>
void masked(std::size_t n, Digest& digest) {
  auto x = random_floats(n + 1, 9);
  if (n > 2) x[1] = INFINITY, x[2] = -INFINITY;
  const std::ptrdiff_t step = S == Step::unit ? 1 : S == Step::splat ? 0 : 2;
  std::vector<char> bytes(2 * n + 1);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = x[i / 2] > 1 || i % 3 == 0;
  const bool* c = reinterpret_cast<const bool*>(bytes.data());
  std::vector<float> out(n + 20, -7.0f);
  cpu::map<Gate>(Range{std::size_t{0}, n}, Strided<float, 1, Step::unit>{out.data(), {1}}, Strided<const bool, 1, S>{c, {step}},
                 Strided<const float, 1, Step::unit>{x.data(), {1}});
  for (std::size_t i = 0; i < out.size(); ++i)
    ASSERT_TRUE(same_bits(out[i], i < n ? Gate::apply(c[static_cast<std::ptrdiff_t>(i) * step], x[i]) : -7.0f)) << n << ' ' << i;
  digest.add(out);
  std::vector<char> flags(2 * n + 20, 5);
  const std::ptrdiff_t out_step = S == Step::any ? 2 : 1;
  cpu::map<Exceptional>(Range{std::size_t{0}, n}, Strided < bool, 1,
                        S == Step::any ? Step::any : Step::unit > {reinterpret_cast<bool*>(flags.data()), {out_step}},
                        Strided<const float, 1, Step::unit>{x.data(), {1}});
  for (std::size_t i = 0; i < flags.size(); ++i) {
    const std::size_t at = i / static_cast<std::size_t>(out_step);
    const bool written = at < n && i % static_cast<std::size_t>(out_step) == 0;
    ASSERT_EQ(flags[i], written ? static_cast<char>(Exceptional::apply(x[at])) : 5) << n << ' ' << i;
  }
}

TEST(Map, BoolsAreLaneMasks) {
  Digest digest;
  for (const std::size_t n : sizes) masked<Step::unit>(n, digest), masked<Step::splat>(n, digest), masked<Step::any>(n, digest);
  EXPECT_EQ(digest.value(), 4265503711u);
}

}  // namespace
}  // namespace inferc
