#include <limits>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/ops/evaluate_graph.hpp"
#include "compiler/passes/passes.hpp"
#include "tests/support/graphs.hpp"

namespace inferc {
namespace {

using test::count;

template <class T>
Tensor bytes(std::vector<std::int64_t> shape, unsigned seed) {
  Tensor t(dtype_of<T>, std::move(shape));
  std::mt19937 random(seed);
  for (T& v : t.as<T>())
    v = static_cast<T>(random() % 16 == 0 ? (random() % 2 ? std::numeric_limits<T>::lowest() : std::numeric_limits<T>::max()) : static_cast<T>(random()));
  return t;
}

std::unique_ptr<Graph> typed(const std::string& text, const std::vector<Tensor>& constants) {
  auto g = parse_graph(text, constants);
  Diagnostics problems;
  EXPECT_TRUE(infer_types(*g, problems)) << text;
  fold_constants(*g);
  canonicalise(*g);
  return g;
}

// The pass makes `layers` products of it, and every element of the results is the same.
void expect_same(const std::string& text, const std::vector<Tensor>& constants, const std::vector<Tensor>& inputs, int layers = 1, std::size_t nodes = 0) {
  const auto before = typed(text, constants), after = typed(text, constants);
  EXPECT_EQ(lower_fixed_point(*after), layers > 0) << text;
  verify(*after);
  EXPECT_EQ(count(*after, "FixedLinear"), layers) << inferc::text(*after);
  if (nodes > 0) {
    EXPECT_EQ(after->nodes().size(), nodes) << inferc::text(*after);
  }
  const std::vector<Tensor> e = evaluate_graph(*before, inputs), y = evaluate_graph(*after, inputs);
  ASSERT_EQ(e.size(), y.size());
  for (std::size_t k = 0; k < e.size(); ++k) EXPECT_TRUE(e[k].same(y[k])) << inferc::text(*after);
}

template <class X, class W>
void check_product(const char* x, const char* w) {
  for (const std::int64_t rows : {0, 1, 7})
    for (const auto& [zero_x, zero_w] : {std::pair{0, 0}, std::pair{3, 0}, std::pair{100, 5}}) {
      const std::string text = fmt::format(R"(graph "g" {{
      symbol n: 0..100
      %w: {1}[37, 20] = constant #0
      %c: i32[20] = constant #1
      %p: {0}[] = constant {0}[] {{{2}}}
      %q: {1}[] = constant {1}[] {{{3}}}
      %x: {0}[n, 37] = input
      %1 = MatMulInteger(%x, %w, %p, %q)
      %y = Add(%1, %c)
      return %y
    }})",
                                           x, w, zero_x, zero_w);
      Tensor bias(DType::int32, {20});
      for (std::size_t i = 0; i < bias.size(); ++i) bias.as<std::int32_t>()[i] = static_cast<std::int32_t>(i * 7919) - 60000;
      expect_same(text, {bytes<W>({37, 20}, 1), bias}, {bytes<X>({rows, 37}, 3)}, 1, 1);
    }
}
TEST(IntegerLayers, AreProductsForEveryTypeAndZeroPoint) {
  check_product<std::uint8_t, std::int8_t>("u8", "i8"), check_product<std::int8_t, std::int8_t>("i8", "i8");
  check_product<std::uint8_t, std::uint8_t>("u8", "u8"), check_product<std::int8_t, std::uint8_t>("i8", "u8");
}

TEST(IntegerLayers, TakeAZeroPointThatComesAtRunTime) {
  const std::string text = R"(graph "g" {
      %w: i8[37, 20] = constant #0
      %x: u8[5, 37] = input
      %p: u8[] = input
      %y = MatMulInteger(%x, %w, %p)
      return %y
    })";
  Tensor zero(DType::uint8, {});
  zero.as<std::uint8_t>()[0] = 117;
  expect_same(text, {bytes<std::int8_t>({37, 20}, 1)}, {bytes<std::uint8_t>({5, 37}, 3), zero});
}

// One scale for each column, results from far below to far above the bounds.
TEST(IntegerLayers, RequantiseAsTheFileSays) {
  for (const char* scale : {"0.0173", "1.9", "0.0001", "300"}) {
    const std::string text = fmt::format(R"(graph "g" {{
      %w: i8[37, 20] = constant #0
      %sw: f32[20] = constant #1
      %z: u8[] = constant u8[] {{3}}
      %s: f32[] = constant f32[] {{0.0421}}
      %0: i8[] = constant i8[] {{0}}
      %t: f32[] = constant f32[] {{{}}}
      %zy: i8[] = constant i8[] {{-5}}
      %x: u8[40, 37] = input
      %y = QLinearMatMul(%x, %s, %z, %w, %sw, %0, %t, %zy)
      return %y
    }})",
                                         scale);
    Tensor scales(DType::float32, {20});
    for (std::size_t i = 0; i < 20; ++i) scales.as<float>()[i] = 0.001f * static_cast<float>(i * i + 1);
    expect_same(text, {bytes<std::int8_t>({37, 20}, 1), scales}, {bytes<std::uint8_t>({40, 37}, 3)}, 1, 1);
  }
}

// As QGemm is written out: two operations of float32, ties among the results.
TEST(IntegerLayers, TakeWhatFollowsThemUpToTheQuantiser) {
  for (const char* scale : {"0.0173", "0.5"}) {
    const std::string text = fmt::format(R"(graph "g" {{
      %w: i8[37, 20] = constant #0
      %z: u8[] = constant u8[] {{3}}
      %f: f32[] = constant f32[] {{{}}}
      %t: f32[] = constant f32[] {{64}}
      %zy: u8[] = constant u8[] {{128}}
      %x: u8[40, 37] = input
      %1 = MatMulInteger(%x, %w, %z)
      %2 = Cast(%1) {{"to" = 1}}
      %3 = Mul(%2, %f)
      %y = QuantizeLinear(%3, %t, %zy)
      return %y
    }})",
                                         scale);
    expect_same(text, {bytes<std::int8_t>({37, 20}, 1)}, {bytes<std::uint8_t>({40, 37}, 3)}, 1, 1);
  }
}

// Padding is where x is its zero point.
TEST(IntegerLayers, AreConvolutions) {
  for (const char* attributes :
       {R"("group" = 1)", R"("pads" = ints[1, 2, 0, 1], "strides" = ints[2, 1])", R"("dilations" = ints[2, 2], "pads" = ints[2, 0, 1, 1])"}) {
    const std::string head = R"(graph "g" {
      %w: i8[6, 4, 3, 2] = constant #0
      %c: i32[6] = constant i32[6] {1, -2, 300, 4000, -50000, 6}
      %z: u8[] = constant u8[] {113}
      %s: f32[] = constant f32[] {0.0421}
      %sw: f32[6] = constant f32[6] {0.1, 0.2, 0.001, 0.3, 0.04, 0.5}
      %zw: i8[] = constant i8[] {0}
      %t: f32[] = constant f32[] {3.5}
      %zy: u8[] = constant u8[] {7}
      %x: u8[3, 4, 7, 5] = input
)";
    const std::vector<Tensor> inputs{bytes<std::uint8_t>({3, 4, 7, 5}, 3)}, weights{bytes<std::int8_t>({6, 4, 3, 2}, 1)};
    expect_same(head + fmt::format(" %y = QLinearConv(%x, %s, %z, %w, %sw, %zw, %t, %zy, %c) {{{}}}\n return %y\n }}", attributes), weights, inputs);
    expect_same(head + fmt::format(" %y = ConvInteger(%x, %w, %z) {{{}}}\n return %y\n }}", attributes), weights, inputs);
  }
}

TEST(IntegerLayers, TellOfSumsThatMayWrap) {
  const auto notes = [](std::int64_t k) {
    Tensor w(DType::int8, {k, 2});
    for (std::size_t i = 0; i < w.size(); i += 2) w.as<std::int8_t>()[i] = -127;
    const auto g = typed(fmt::format(R"(graph "g" {{
      %w: i8[{0}, 2] = constant #0
      %x: u8[1, {0}] = input
      %y = MatMulInteger(%x, %w)
      return %y
    }})",
                                     k),
                         {w});
    lower_fixed_point(*g);
    return notes_of(*g);
  };
  ASSERT_EQ(notes(66400).size(), 1u);
  EXPECT_NE(notes(66400)[0].message.find("its sums may leave 32 bits"), std::string::npos) << notes(66400)[0].message;
  EXPECT_TRUE(notes(66300).empty()) << "127 times 255 times this is within 2^31";
}

TEST(IntegerLayers, LeaveWhatIsNotProved) {
  const std::string late = R"(graph "g" {
      %x: u8[5, 37] = input
      %w: i8[37, 20] = input
      %y = MatMulInteger(%x, %w)
      return %y
    })";
  expect_same(late, {}, {bytes<std::uint8_t>({5, 37}, 1), bytes<std::int8_t>({37, 20}, 2)}, 0);
  const std::string wraps = R"(graph "g" {
      %w: u8[40000, 1] = constant #0
      %x: u8[2, 40000] = input
      %y = MatMulInteger(%x, %w)
      return %y
    })";
  Tensor most(DType::uint8, {40000, 1}), x(DType::uint8, {2, 40000});
  std::fill(most.as<std::uint8_t>().begin(), most.as<std::uint8_t>().end(), std::uint8_t{255});
  std::fill(x.as<std::uint8_t>().begin(), x.as<std::uint8_t>().end(), std::uint8_t{255});
  expect_same(wraps, {most}, {x}, 0);
  const std::string scale = R"(graph "g" {
      %w: i8[37, 20] = constant #0
      %z: u8[] = constant u8[] {3}
      %0: i8[] = constant i8[] {0}
      %t: f32[] = constant f32[] {0.3}
      %x: u8[5, 37] = input
      %s: f32[] = input
      %y = QLinearMatMul(%x, %s, %z, %w, %t, %0, %t, %z)
      return %y
    })";
  Tensor one(DType::float32, {});
  one.as<float>()[0] = 0.25f;
  expect_same(scale, {bytes<std::int8_t>({37, 20}, 1)}, {bytes<std::uint8_t>({5, 37}, 1), one}, 0);
}

}  // namespace
}  // namespace inferc
