#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "tests/ops/run_node.hpp"

namespace inferc::test {
namespace {

using Floats = std::vector<float>;
using Bytes = std::vector<std::int8_t>;
using UBytes = std::vector<std::uint8_t>;
constexpr float inf = std::numeric_limits<float>::infinity();

Tensor i8(std::vector<std::int64_t> shape, const Bytes& v) { return tensor<std::int8_t>(std::move(shape), v); }
Tensor u8(std::vector<std::int64_t> shape, const UBytes& v) { return tensor<std::uint8_t>(std::move(shape), v); }

TEST(QuantizeLinear, RoundsHalfToEvenAndSaturates) {
  const Tensor x = f32({8}, {0.5f, 1.5f, -0.5f, -2.5f, 1e9f, -inf, inf, std::nanf("")});
  EXPECT_EQ(values<std::int8_t>(run("QuantizeLinear", {x, f32({}, {1}), i8({}, {0})})), (Bytes{0, 2, 0, -2, 127, -128, 127, -128}));
  EXPECT_EQ(values<std::uint8_t>(run("QuantizeLinear", {f32({3}, {-1, 0, 1}), f32({}, {0.5f}), u8({}, {1})})), (UBytes{0, 1, 3}));
  EXPECT_EQ(run("QuantizeLinear", {x, f32({}, {1})}).dtype(), DType::uint8);
  EXPECT_EQ(run("QuantizeLinear", {x, f32({}, {1})}, {{"output_dtype", std::int64_t{5}}}).dtype(), DType::int16);
}

TEST(QuantizeLinear, TakesScalesPerAxisAndPerBlock) {
  const Tensor x = f32({2, 2}, {1, 2, 3, 4});
  EXPECT_EQ(values<std::int8_t>(run("QuantizeLinear", {x, f32({2}, {1, 2}), i8({2}, {0, 1})})), (Bytes{1, 2, 3, 3}));
  EXPECT_EQ(values<std::int8_t>(run("QuantizeLinear", {x, f32({2}, {1, 2}), i8({2}, {0, 1})}, {{"axis", std::int64_t{0}}})), (Bytes{1, 2, 3, 3}));
  const Tensor blocks = run("QuantizeLinear", {f32({1, 4}, {1, 2, 8, 16}), f32({1, 2}, {1, 8}), i8({1, 2}, {0, 5})}, {{"block_size", std::int64_t{2}}});
  EXPECT_EQ(values<std::int8_t>(blocks), (Bytes{1, 2, 6, 7}));
  EXPECT_NE(error("QuantizeLinear", {x, f32({3}, {1, 2, 3})}).find("sizes 3 and 2 differ"), std::string::npos);
  EXPECT_NE(error("QuantizeLinear", {x, f32({}, {1})}, {{"output_dtype", std::int64_t{10}}}).find("float16"), std::string::npos);
}

TEST(DequantizeLinear, UndoesTheScaling) {
  EXPECT_EQ(values<float>(run("DequantizeLinear", {u8({3}, {0, 128, 255}), f32({}, {2}), u8({}, {128})})), (Floats{-256, 0, 254}));
  EXPECT_EQ(values<float>(run("DequantizeLinear", {i32({2, 1}, {1000000, -7}), f32({2}, {0.5f, 2})}, {{"axis", std::int64_t{0}}})), (Floats{500000, -14}));
}

TEST(DynamicQuantizeLinear, CoversTheRangeAndZero) {
  const auto y = run_all("DynamicQuantizeLinear", {f32({3}, {0, 1, 2.55f})}, {}, 3);
  EXPECT_EQ(values<std::uint8_t>(y[0]), (UBytes{0, 100, 255}));
  EXPECT_FLOAT_EQ(y[1].as<float>()[0], 0.01f);
  EXPECT_EQ(y[2].as<std::uint8_t>()[0], 0);
  const auto zero = run_all("DynamicQuantizeLinear", {f32({1}, {0})}, {}, 3);
  EXPECT_EQ(zero[1].as<float>()[0], 1);
}

TEST(MatMulInteger, SubtractsZeroPoints) {
  const Tensor a = u8({2, 2}, {1, 2, 3, 4}), b = i8({2, 1}, {1, -1});
  EXPECT_EQ(values<std::int32_t>(run("MatMulInteger", {a, b})), (std::vector<std::int32_t>{-1, -1}));
  EXPECT_EQ(values<std::int32_t>(run("MatMulInteger", {a, b, u8({2}, {1, 0}), i8({1}, {1})})), (std::vector<std::int32_t>{-2, -8}));
  EXPECT_NE(error("MatMulInteger", {a, i8({3, 1}, {1, 2, 3})}).find("sizes 2 and 3 differ"), std::string::npos);
}

TEST(QLinearMatMul, RequantisesTheSums) {
  const Tensor scale = f32({}, {0.5f});
  const Tensor y =
      run("QLinearMatMul", {i8({1, 2}, {10, 20}), scale, i8({}, {0}), i8({2, 2}, {1, 2, 3, 100}), f32({2}, {0.5f, 1}), i8({}, {0}), f32({}, {2}), i8({}, {3})});
  EXPECT_EQ(values<std::int8_t>(y), (Bytes{12, 127}));
}

TEST(ConvInteger, SkipsPaddingAndSubtractsZeroPoints) {
  const Tensor y = run("ConvInteger", {u8({1, 1, 2}, {3, 4}), u8({1, 1, 2}, {1, 2}), u8({}, {1})}, {{"pads", Integers{1, 0}}});
  EXPECT_EQ(values<std::int32_t>(y), (std::vector<std::int32_t>{4, 8}));
}

TEST(QLinearConv, ScalesPerFilterAndAddsTheBias) {
  const Tensor y = run("QLinearConv", {u8({1, 1, 2}, {3, 4}), f32({}, {1}), u8({}, {1}), i8({2, 1, 1}, {2, -1}), f32({2}, {1, 2}), i8({2}, {0, 0}),
                                       f32({}, {2}), u8({}, {10}), i32({2}, {2, 0})});
  EXPECT_EQ(values<std::uint8_t>(y), (UBytes{13, 14, 8, 7}));
}

}  // namespace
}  // namespace inferc::test
