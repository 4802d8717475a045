// Softmax, normalisations and reductions against their definitions (kernels/ref): equal bits, and close to double.
#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/cpu/norm.hpp"
#include "kernels/cpu/reduce.hpp"
#include "kernels/cpu/softmax.hpp"
#include "kernels/ref/normalization.hpp"
#include "kernels/ref/softmax.hpp"
#include "tests/kernels/digest.hpp"

namespace inferc {
namespace {

constexpr std::size_t sizes[] = {1, 3, 5, 15, 16, 17, 31, 33, 64, 100, 1000, 1024, 1025, 3100};

std::vector<float> random_floats(std::size_t n, unsigned seed, float spread = 4) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> draw(-spread, spread);
  std::vector<float> x(n);
  for (float& v : x) v = draw(random) * (random() % 16 == 0 ? 3.0f : 1.0f);
  return x;
}

struct Shape3 {
  std::size_t outer, axis, inner;
};
constexpr std::size_t guard = 20;

void expect_same(const std::vector<float>& out, const std::vector<float>& expected, std::size_t n) {
  for (std::size_t i = 0; i < out.size(); ++i)
    ASSERT_TRUE(std::bit_cast<std::uint32_t>(out[i]) == std::bit_cast<std::uint32_t>(i < expected.size() ? expected[i] : -7.0f) ||
                (i < expected.size() && std::isnan(out[i]) && std::isnan(expected[i])))
        << "n " << n << " at " << i << ": " << out[i] << " for " << (i < expected.size() ? expected[i] : -7.0f);
}

template <class Fast, class Ref>
void compare(Shape3 s, Fast fast, Ref reference, Digest& digest) {
  const auto x = random_floats(s.outer * s.axis * s.inner, static_cast<unsigned>(s.axis + s.inner));
  std::vector<float> out(x.size() + guard, -7.0f), expected(x.size());
  fast(out.data(), x.data());
  reference(expected.data(), x.data());
  expect_same(out, expected, s.axis);
  digest.add(out);
}

TEST(Softmax, RowsAndColumnsEqualTheDefinition) {
  Digest digest;
  for (const std::size_t n : sizes)
    for (const std::size_t inner : {std::size_t{1}, std::size_t{3}, std::size_t{16}, std::size_t{21}}) {
      const Shape3 s{3, n, inner};
      const Range all{std::size_t{0}, s.outer};
      compare(
          s,
          [&](float* y, const float* x) {
            if (inner == 1) cpu::softmax(all, y, n, x, n, n, cpu::NoEpilogue{});
            else cpu::softmax_columns(all, y, x, n, inner);
          },
          [&](float* y, const float* x) { ref::softmax(y, x, s.outer, n, inner); }, digest);
      compare(
          s,
          [&](float* y, const float* x) {
            if (inner == 1) cpu::log_softmax(all, y, n, x, n, n, cpu::NoEpilogue{});
            else cpu::log_softmax_columns(all, y, x, n, inner);
          },
          [&](float* y, const float* x) { ref::log_softmax(y, x, s.outer, n, inner); }, digest);
    }
  EXPECT_EQ(digest.value(), 2002631757u);
}

template <std::size_t N>
void fixed_softmax() {
  Digest digest;
  compare(
      {2, N, 1}, [](float* y, const float* x) { cpu::softmax(Range{dim<0>{}, dim<2>{}}, y, dim<N>{}, x, dim<N>{}, dim<N>{}, cpu::NoEpilogue{}); },
      [](float* y, const float* x) { ref::softmax(y, x, 2, N, 1); }, digest);
}

TEST(Softmax, ConstantLengthsInPlaceAndExceptionalValues) {
  fixed_softmax<1>(), fixed_softmax<5>(), fixed_softmax<16>(), fixed_softmax<40>(), fixed_softmax<128>();
  auto x = random_floats(40, 3), y = x;
  cpu::softmax(Range{dim<0>{}, dim<1>{}}, y.data(), 40u, y.data(), 40u, dim<40>{}, cpu::NoEpilogue{});
  std::vector<float> expected(40);
  ref::softmax(expected.data(), x.data(), 1, 40, 1);
  EXPECT_EQ(y, expected);
  for (const float special : {NAN, INFINITY}) {
    x[7] = special;
    cpu::softmax(Range{dim<0>{}, dim<1>{}}, y.data(), 40u, x.data(), 40u, 40u, cpu::NoEpilogue{});
    EXPECT_TRUE(std::isnan(y[7])) << special;
  }
  for (float& v : x) v = -INFINITY;
  cpu::softmax(Range{dim<0>{}, dim<1>{}}, y.data(), 40u, x.data(), 40u, 40u, cpu::NoEpilogue{});
  for (const float v : y) EXPECT_TRUE(std::isnan(v));
}

TEST(Softmax, AMaskIsAddedFirst) {
  const std::size_t n = 37, rows = 3;
  const auto x = random_floats(rows * 50, 5);
  auto mask = random_floats(n, 6);
  mask[3] = -INFINITY;
  std::vector<float> out(rows * 41, -7.0f);
  cpu::softmax(Range{std::size_t{0}, rows}, out.data(), 41u, x.data(), 50u, n, cpu::epilogue<functors::add>(cpu::Row{mask.data()}));
  for (std::size_t r = 0; r < rows; ++r) {
    std::vector<float> sum(n), expected(n);
    for (std::size_t j = 0; j < n; ++j) sum[j] = x[r * 50 + j] + mask[j];
    ref::softmax(expected.data(), sum.data(), 1, n, 1);
    for (std::size_t j = 0; j < 41; ++j) EXPECT_EQ(out[r * 41 + j], j < n ? expected[j] : -7.0f);
  }
}

TEST(Softmax, CloseToDouble) {
  for (const std::size_t n : sizes) {
    const auto x = random_floats(n, 9);
    std::vector<float> y(n);
    cpu::softmax(Range{dim<0>{}, dim<1>{}}, y.data(), n, x.data(), n, n, cpu::NoEpilogue{});
    double top = -1e9, sum = 0;
    for (const float v : x) top = std::max(top, static_cast<double>(v));
    for (const float v : x) sum += std::exp(v - top);
    // 4 units of exp, sum and scale, and half a unit of the difference's own size.
    for (std::size_t j = 0; j < n; ++j) EXPECT_NEAR(y[j], std::exp(x[j] - top) / sum, (4 + std::fabs(x[j] - top)) * 0x1p-24 * y[j]);
  }
}

// As kernels/ref's: a 2-D view whose statistics run along the last dim.
void reference_norm(float* y, const float* x, std::size_t rows, std::size_t n, const float* scale, const float* bias, bool rms) {
  std::vector<float> mean(rows), inv(rows);
  const auto p = static_cast<std::ptrdiff_t>(n);
  const View<const float, 2> in{x, {rows, n}, {p, 1}};
  const auto statistic = [&](auto* v, std::size_t size) { return View<std::remove_reference_t<decltype(*v)>, 2>{v, {rows, size}, {1, 0}}; };
  if (rms) ref::inverse_rms<float, 2>(statistic(inv.data(), 1), in, 1e-5);
  else ref::moments<float, 2>(statistic(mean.data(), 1), statistic(inv.data(), 1), in, 1e-5);
  const View<const float, 2> s{scale, {rows, n}, {0, 1}}, b{bias, {rows, n}, {0, 1}};
  const float* inverse = inv.data();
  const float* centre = mean.data();
  if (rms) ref::scale_rows<float, float, 2>({y, {rows, n}, {p, 1}}, in, statistic(inverse, n), s);
  else ref::normalize<float, float, float, 2>({y, {rows, n}, {p, 1}}, in, statistic(centre, n), statistic(inverse, n), s, b);
}

TEST(Normalization, RowsEqualTheDefinition) {
  Digest digest;
  for (const std::size_t n : sizes) {
    const auto scale = random_floats(n, 1), bias = random_floats(n, 2);
    const Range rows{std::size_t{0}, std::size_t{3}};
    compare(
        {3, n, 1},
        [&](float* y, const float* x) {
          cpu::layer_norm(rows, y, n, x, n, n, 1e-5f, cpu::epilogue<cpu::multiply_add>(cpu::Row{scale.data()}, cpu::Row{bias.data()}));
        },
        [&](float* y, const float* x) { reference_norm(y, x, 3, n, scale.data(), bias.data(), false); }, digest);
    compare(
        {3, n, 1}, [&](float* y, const float* x) { cpu::rms_norm(rows, y, n, x, n, n, 1e-5f, cpu::epilogue<functors::mul>(cpu::Row{scale.data()})); },
        [&](float* y, const float* x) { reference_norm(y, x, 3, n, scale.data(), bias.data(), true); }, digest);
  }
  EXPECT_EQ(digest.value(), 3850516442u);
}

TEST(Normalization, GroupsEqualRowsOfTheirOwn) {
  const std::size_t groups = 3, channels = 2;
  for (const std::size_t size : {1u, 5u, 16u, 33u, 700u}) {
    const auto x = random_floats(2 * groups * channels * size, 4), scale = random_floats(groups * channels, 5), bias = random_floats(groups * channels, 6);
    std::vector<float> out(x.size() + guard, -7.0f), expected(x.size());
    cpu::group_norm(Range{std::size_t{0}, 2 * groups}, out.data(), x.data(), groups, channels, size, 1e-5f, scale.data(), bias.data());
    for (std::size_t g = 0; g < 2 * groups; ++g) {
      std::vector<float> s(channels * size), b(channels * size);
      for (std::size_t i = 0; i < s.size(); ++i) s[i] = scale[g % groups * channels + i / size], b[i] = bias[g % groups * channels + i / size];
      reference_norm(expected.data() + g * s.size(), x.data() + g * s.size(), 1, s.size(), s.data(), b.data(), false);
    }
    expect_same(out, expected, size);
  }
}

template <class Fast, class Reference>
void check_reduction(Digest& digest) {
  for (const std::size_t n : sizes)
    for (const std::size_t inner : {std::size_t{1}, std::size_t{3}, std::size_t{16}, std::size_t{21}}) {
      const auto x = random_floats(2 * n * inner, static_cast<unsigned>(n), std::is_same_v<Fast, cpu::reduce_prod> ? 1.5f : 4);
      std::vector<float> out(2 * inner + guard, -7.0f), expected(2 * inner);
      const auto p = static_cast<std::ptrdiff_t>(inner), o = static_cast<std::ptrdiff_t>(n * inner);
      ref::reduce<Reference, float, 3>({expected.data(), {2, 1, inner}, {p, 0, 1}}, {x.data(), {2, n, inner}, {o, p, 1}});
      if (inner == 1) cpu::reduce_rows<Fast>(Range{std::size_t{0}, std::size_t{2}}, out.data(), x.data(), n, n, cpu::NoEpilogue{});
      else cpu::reduce_columns<Fast>(Range{std::size_t{0}, std::size_t{2}}, out.data(), x.data(), n, inner, cpu::NoEpilogue{});
      expect_same(out, expected, n);
      digest.add(out);
    }
}

TEST(Reduce, EqualsTheDefinition) {
  Digest digest;
  check_reduction<cpu::reduce_sum, ref::reduce_sum>(digest);
  check_reduction<cpu::reduce_mean, ref::reduce_mean>(digest);
  check_reduction<cpu::reduce_prod, ref::reduce_prod>(digest);
  check_reduction<cpu::reduce_max, ref::reduce_max>(digest);
  check_reduction<cpu::reduce_min, ref::reduce_min>(digest);
  check_reduction<cpu::reduce_l1, ref::reduce_l1>(digest);
  check_reduction<cpu::reduce_sum_square, ref::reduce_sum_square>(digest);
  check_reduction<cpu::reduce_l2, ref::reduce_l2>(digest);
  check_reduction<cpu::reduce_log_sum, ref::reduce_log_sum>(digest);
  EXPECT_EQ(digest.value(), 2134960122u);
}

struct Doubled {
  template <class V>
  static V apply(V v) {
    return v + v;
  }
};

TEST(Reduce, NothingAndNan) {
  float out = 0;
  const float x[3] = {1, NAN, 2};
  const Range one{dim<0>{}, dim<1>{}};
  cpu::reduce_rows<cpu::reduce_max>(one, &out, x, 3u, dim<3>{}, cpu::NoEpilogue{});
  EXPECT_TRUE(std::isnan(out));
  cpu::reduce_rows<cpu::reduce_max>(one, &out, x, 0u, dim<0>{}, cpu::NoEpilogue{});
  EXPECT_EQ(out, -INFINITY);
  cpu::reduce_rows<cpu::reduce_sum>(one, &out, x, 0u, dim<0>{}, cpu::NoEpilogue{});
  EXPECT_EQ(out, 0);
  cpu::reduce_rows<cpu::reduce_sum>(one, &out, x, 1u, dim<1>{}, cpu::epilogue<Doubled>());
  EXPECT_EQ(out, 2);
}

}  // namespace
}  // namespace inferc
