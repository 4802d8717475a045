#include <gtest/gtest.h>

#include "compiler/run/compare.hpp"

#include <cmath>
#include <limits>

#include "compiler/run/elements.hpp"

namespace inferc {
namespace {

constexpr float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();

Tensor floats(std::vector<float> v) { return tensor_of<float>({static_cast<std::int64_t>(v.size())}, v); }
Tensor doubles(std::vector<double> v) { return tensor_of<double>({static_cast<std::int64_t>(v.size())}, v); }

TEST(Elements, DecodesEveryFormat) {
  EXPECT_EQ(decode(float_format(DType::float16), 0x3555), 0.333251953125);
  EXPECT_EQ(decode(float_format(DType::float16), 0x0001), std::ldexp(1.0, -24));
  EXPECT_EQ(decode(float_format(DType::float16), 0xfc00), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(decode(float_format(DType::bfloat16), 0xc0a0), -5.0);
  EXPECT_EQ(decode(float_format(DType::float8e4m3fn), 0x7e), 448.0);
  EXPECT_TRUE(std::isnan(decode(float_format(DType::float8e4m3fn), 0xff)));
  EXPECT_EQ(decode(float_format(DType::float8e4m3fnuz), 0x7f), 240.0);
  EXPECT_TRUE(std::isnan(decode(float_format(DType::float8e4m3fnuz), 0x80)));
  EXPECT_EQ(decode(float_format(DType::float8e5m2), 0x7b), 57344.0);
  EXPECT_EQ(decode(float_format(DType::float8e5m2fnuz), 0x7f), 57344.0);
  EXPECT_EQ(decode(float_format(DType::float4e2m1), 0x7), 6.0);
  EXPECT_EQ(decode(float_format(DType::float4e2m1), 0x9), -0.5);
  EXPECT_EQ(decode(float_format(DType::float8e8m0), 0), std::ldexp(1.0, -127));
  EXPECT_TRUE(std::isnan(decode(float_format(DType::float8e8m0), 0xff)));
}

TEST(Elements, DecodesLikeTheProcessor) {
  const std::vector<float> x{1.5F, -3.25e-41F, 3.4e38F, -0.0F, inf};
  const Tensor t = floats(x);
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_EQ(element(t, i), static_cast<double>(x[i]));
}

TEST(Elements, CountsUlps) {
  const FloatFormat f = float_format(DType::float32);
  const auto ulps = [&](float a, float b) { return ulps_between(f, element_bits(floats({a}), 0), element_bits(floats({b}), 0)); };
  EXPECT_EQ(ulps(1, std::nextafter(1.0F, 2.0F)), 1);
  EXPECT_EQ(ulps(0.0F, -0.0F), 0);
  EXPECT_EQ(ulps(std::numeric_limits<float>::denorm_min(), -std::numeric_limits<float>::denorm_min()), 2);
  EXPECT_EQ(ulps(nan, -nan), 0);
  EXPECT_EQ(ulps(nan, 1), std::numeric_limits<double>::infinity());
}

TEST(Compare, FollowsTheOnnxRule) {
  EXPECT_TRUE(compare(floats({1.0009F, nan, inf, -0.0F}), floats({1, nan, inf, 0})).passed);
  for (const auto& [got, expected] : std::vector<std::pair<float, float>>{{1.0011F, 1}, {2e-7F, 0}, {nan, 1}, {1, nan}, {inf, -inf}, {1e38F, inf}})
    EXPECT_FALSE(compare(floats({got}), floats({expected})).passed) << got << " " << expected;
}

TEST(Compare, ReportsTheWorstElement) {
  const Comparison c = compare(tensor_of<float>({2, 2}, std::vector<float>{1, 2, 3, 4}), tensor_of<float>({2, 2}, std::vector<float>{1, 2.5F, 3, 6}));
  EXPECT_EQ(c.reason, "2 of 4 elements differ, worst at [1, 1]: 4 instead of 6");
  EXPECT_EQ(c.max_abs, 2.0);
  EXPECT_EQ(c.max_ulp, 1 << 22);
}

TEST(Compare, WantsTypesShapesAndIntegersExact) {
  EXPECT_EQ(compare(floats({1}), doubles({1})).reason, "element type float32 instead of float64");
  EXPECT_EQ(compare(floats({1}), tensor_of<float>({1, 1}, std::vector<float>{1})).reason, "shape [1] instead of [1, 1]");
  const Comparison c =
      compare(tensor_of<std::int64_t>({1}, std::vector<std::int64_t>{1000001}), tensor_of<std::int64_t>({1}, std::vector<std::int64_t>{1000000}));
  EXPECT_FALSE(c.passed);
  EXPECT_EQ(c.max_abs, 1);
  EXPECT_FALSE(c.max_ulp.has_value());
}

TEST(Compare, LooksAtBothPartsOfComplexNumbers) {
  Tensor a(DType::complex64, {1}), b(DType::complex64, {1});
  a.bytes()[4] = std::byte{1};
  EXPECT_TRUE(compare(a, b).passed);
  EXPECT_EQ(compare(a, b).max_ulp, 1);
  a.bytes()[7] = std::byte{0x40};
  EXPECT_FALSE(compare(a, b).passed);
}

TEST(Compare, NamesTheOutput) {
  const std::vector<Tensor> got{floats({1}), floats({2})}, expected{floats({1}), floats({3})};
  EXPECT_EQ(compare_all(got, expected).reason.substr(0, 9), "output 1:");
  EXPECT_FALSE(compare_all(got, std::span(expected).first(1)).passed);
  EXPECT_TRUE(compare_all(got, got).passed);
}

TEST(RuleDCheck, AllowsTwiceThePeersErrorOrFourEps) {
  const Tensor exact = doubles({1, 100});
  const auto off = [](double by) { return floats({1, static_cast<float>(100 + by)}); };
  EXPECT_TRUE(check_rule_d(off(4e-5), exact, nullptr).passed);
  EXPECT_FALSE(check_rule_d(off(6e-5), exact, nullptr).passed);
  const Tensor peer = off(4e-5);
  EXPECT_TRUE(check_rule_d(off(6e-5), exact, &peer).passed);
  EXPECT_FALSE(check_rule_d(off(1e-4), exact, &peer).passed);
}

TEST(RuleDCheck, PoolsTheErrorsOfSeveralInputs) {
  const Tensor exact = doubles({1, 100});
  const auto off = [](double by) { return floats({1, static_cast<float>(100 + by)}); };
  const Tensor near = off(2e-5), far = off(9e-5);
  const RuleD unlucky = check_rule_d(off(1e-4), exact, &near), lucky = check_rule_d(near, exact, &far);
  EXPECT_FALSE(unlucky.passed);
  EXPECT_TRUE(pooled(unlucky, lucky).passed);
  EXPECT_FALSE(pooled(check_rule_d(off(3e-4), exact, &near), lucky).passed);
}

TEST(RuleDCheck, PoolingKeepsAWrongShapeOrIntegerWrong) {
  const RuleD right = check_rule_d(floats({1}), doubles({1}), nullptr), shape = check_rule_d(floats({1}), doubles({1, 2}), nullptr);
  EXPECT_FALSE(pooled(right, shape).passed);
  EXPECT_FALSE(pooled(shape, right).passed);
  const auto integer = [](std::int64_t v) { return tensor_of<std::int64_t>({1}, std::vector<std::int64_t>{v}); };
  const RuleD same = check_rule_d(integer(1), integer(1), nullptr), other = check_rule_d(integer(1), integer(2), nullptr);
  EXPECT_TRUE(pooled(same, same).passed);
  EXPECT_FALSE(pooled(same, other).passed);
  EXPECT_FALSE(pooled(other, same).passed);
  EXPECT_FALSE(pooled(other, same).reason.empty());
}

TEST(RuleDCheck, KeepsExceptionalValues) {
  const double dinf = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(check_rule_d(floats({inf, nan}), doubles({dinf, dinf - dinf}), nullptr).passed);
  EXPECT_FALSE(check_rule_d(floats({3e38F}), doubles({dinf}), nullptr).passed);
  EXPECT_FALSE(check_rule_d(floats({nan}), doubles({1}), nullptr).passed);
}

}  // namespace
}  // namespace inferc
