#include <gtest/gtest.h>

#include "compiler/run/sample_inputs.hpp"

#include <cmath>

#include "compiler/run/elements.hpp"

namespace inferc {
namespace {

Signature one_input(const std::string& name, DType dtype, std::int64_t size = 2000) {
  Signature out;
  out.inputs.push_back({name, {dtype, {Dim(size)}}});
  return out;
}

TEST(SampleInputs, DependOnTheSeedOnly) {
  const Signature s = one_input("x", DType::float32);
  EXPECT_TRUE(sample_inputs(s, {}, 1)[0].same(sample_inputs(s, {}, 1)[0]));
  EXPECT_FALSE(sample_inputs(s, {}, 1)[0].same(sample_inputs(s, {}, 2)[0]));
}

TEST(SampleInputs, AreRoughlyNormal) {
  for (const DType t : {DType::float32, DType::float64, DType::float16, DType::bfloat16}) {
    const Tensor x = sample_inputs(one_input("x", t, 20000), {}, 3)[0];
    double mean = 0, square = 0, largest = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double v = element(x, i);
      mean += v / 20000, square += v * v / 20000, largest = std::max(largest, std::fabs(v));
    }
    EXPECT_NEAR(mean, 0, 0.03) << name(t);
    EXPECT_NEAR(square, 1, 0.05) << name(t);
    EXPECT_LE(largest, 5) << name(t);
  }
}

TEST(SampleInputs, AreFiniteInEveryType) {
  for (int number = 1; number <= 26; ++number) {
    const auto t = dtype_from_onnx(number);
    if (!t || *t == DType::string || byte_size(*t) > 8 || *t == DType::complex64) continue;
    const Tensor x = sample_inputs(one_input("x", *t), {}, 4)[0];
    double spread = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      EXPECT_TRUE(std::isfinite(element(x, i))) << name(*t);
      spread = std::max(spread, std::fabs(element(x, i) - element(x, 0)));
    }
    EXPECT_GT(spread, 0) << name(*t);
  }
}

TEST(SampleInputs, KeepIndicesSmallAndMasksOpen) {
  const Tensor index = sample_inputs(one_input("edge_index", DType::int64), {{"n", 2}, {"m", 0}}, 5)[0];
  for (const std::int64_t i : index.as<std::int64_t>()) EXPECT_LT(static_cast<std::uint64_t>(i), 2U);
  const Tensor mask = sample_inputs(one_input("Pf_Mask", DType::float32), {}, 5)[0];
  for (const float m : mask.as<float>()) EXPECT_EQ(m, 1);
}

TEST(SampleInputs, AreFourMomentaWhereTheyAreCalledVectors) {
  Signature s;
  s.inputs.push_back({"pf_vectors", {DType::float32, {Dim(2), Dim(4), Dim(30)}}});
  s.inputs.push_back({"pf_features", {DType::float32, {Dim(2), Dim(4), Dim(30)}}});
  const auto inputs = sample_inputs(s, {}, 6);
  const auto least = [](const Tensor& t) {
    float out = INFINITY;
    for (std::size_t n = 0; n < 2; ++n)
      for (std::size_t i = 0; i < 30; ++i) {
        const auto at = [&](std::size_t c) { return t.as<float>()[(n * 4 + c) * 30 + i]; };
        out = std::min(out, at(3) - std::sqrt(at(0) * at(0) + at(1) * at(1) + at(2) * at(2)));
      }
    return out;
  };
  EXPECT_GT(least(inputs[0]), 0);
  EXPECT_LT(least(inputs[1]), 0);
}

}  // namespace
}  // namespace inferc
