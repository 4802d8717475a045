#include <gtest/gtest.h>

#include <fmt/format.h>

#include "compiler/passes/passes.hpp"
#include "tests/support/graphs.hpp"
#include "tests/support/same_results.hpp"

// Convolutions and pools of integers, each channel on its own.
namespace inferc {
namespace {

using test::count;

// [n, channels, 7, 5] quantised to `bits` bits, through `body`, to %y; %w [filters, channels of a group, 3, 2].
std::string image(int channels, int bits, const std::string& body, int filters, int of_group = 1) {
  return fmt::format(R"(graph "g" {{
      symbol n: 0..40
      %w: f32[{3}, {4}, 3, 2] = constant #0
      %b: f32[{3}] = constant #1
      %s: f32[] = constant f32[] {{64}}
      %l: f32[] = constant f32[] {{-{1}}}
      %h: f32[] = constant f32[] {{{5}}}
      %x: f32[n, {0}, 7, 5] = input
      %q = inferc.Quantize(%x, %s, %l, %h) {{"overflow" = "SAT", "rounding" = "RND"}}
      {2}
      return %y
    }})",
                     channels, 1 << (bits - 1), body, filters, of_group, (1 << (bits - 1)) - 1);
}
const std::string again = R"( {"overflow" = "WRAP", "rounding" = "RND_CONV"})";

std::unique_ptr<Graph> lowered(int channels, int bits, const std::string& body, int filters = 20, int of_group = 1, int most = 50, bool changes = true) {
  std::unique_ptr<Graph> g;
  for (const std::int64_t n : {0, 1, 3})
    g = test::expect_same_results(lower_fixed_point, image(channels, bits, body, filters, of_group),
                                  {test::on_grid({filters, of_group, 3, 2}, most, 5, 1), test::on_grid({filters}, 999, 9, 2)},
                                  {test::near_steps({n, channels, 7, 5}, 3)}, changes);
  return g;
}

std::string conv(const std::string& attributes, int groups = 20) {
  return fmt::format(R"(%1 = Conv(%q, %w, %b) {{"group" = {}{}}}
      %2 = Relu(%1)
      %y = inferc.Quantize(%2, %s, %l, %h){})",
                     groups, attributes, again);
}

TEST(Depthwise, IsOnIntegersForMoreChannelsThanAPanelHas) {
  for (const char* attributes :
       {"", R"(, "pads" = ints[1, 1, 1, 0])", R"(, "strides" = ints[2, 3], "pads" = ints[0, 1, 2, 0])", R"(, "dilations" = ints[2, 2])"})
    for (const int bits : {8, 13}) {
      const auto g = lowered(20, bits, conv(attributes));
      EXPECT_EQ(count(*g, "FixedDepthwise"), 1) << inferc::text(*g);
      EXPECT_EQ(count(*g, "FixedLinear") + count(*g, "FixedMap"), 0) << inferc::text(*g);
    }
}
TEST(Depthwise, IsAMatrixUpToAPanelAndOfFewGroups) {
  EXPECT_EQ(count(*lowered(16, 8, conv("", 16), 16), "FixedLinear"), 1);
  EXPECT_EQ(count(*lowered(8, 8, conv("", 4), 20, 2), "FixedLinear"), 1);
}
TEST(Depthwise, IsLeftInFloatWhereAFilterReadsMoreOrAChannelHasMore) {
  for (const auto& [channels, filters, of_group, groups] : {std::tuple{20, 40, 1, 20}, std::tuple{40, 20, 2, 20}}) {
    const auto g = lowered(channels, 8, fmt::format(R"(%y = Conv(%q, %w) {{"group" = {}}})", groups), filters, of_group, 50, false);
    EXPECT_EQ(count(*g, "FixedDepthwise"), 0) << inferc::text(*g);
  }
}
TEST(Depthwise, IsTheAverageOfPowersOfTwo) {
  for (const char* body : {R"(%y = AveragePool(%q) {"kernel_shape" = ints[2, 2], "strides" = ints[2, 2]})",
                           R"(%1 = AveragePool(%q) {"kernel_shape" = ints[4, 2], "strides" = ints[1, 2], "count_include_pad" = 1}
      %y = inferc.Quantize(%1, %s, %l, %h) {"overflow" = "WRAP", "rounding" = "RND_CONV"})"})
    EXPECT_EQ(count(*lowered(20, 8, body), "FixedDepthwise"), 1) << body;
  EXPECT_EQ(count(*lowered(20, 8, R"(%y = AveragePool(%q) {"kernel_shape" = ints[3, 1]})", 20, 1, 50, false), "FixedDepthwise"), 0);
}

// Behind a layer, so that the integers are there: 8, 16 and 20 bits.
TEST(LargestOfIntegers, StayIntegersOfAnyWidth) {
  for (const int bits : {8, 16, 20})
    for (const char* pool :
         {R"("kernel_shape" = ints[2, 2])", R"("kernel_shape" = ints[3, 2], "strides" = ints[2, 2], "pads" = ints[1, 0, 1, 1])",
          R"("kernel_shape" = ints[2, 2], "strides" = ints[2, 2], "ceil_mode" = 1)", R"("kernel_shape" = ints[2, 2], "dilations" = ints[3, 2])"}) {
      const std::string body = fmt::format(R"(%1 = Conv(%q, %w, %b) {{"group" = 1}}
      %2 = inferc.Quantize(%1, %s, %l, %h){}
      %3 = MaxPool(%2) {{{}}}
      %y = Relu(%3))",
                                           again, pool);
      const auto g = lowered(3, bits, body, 17, 3, 20);
      EXPECT_EQ(count(*g, "FixedMaxPool"), 1) << inferc::text(*g);
      const auto nodes = g->nodes();
      EXPECT_TRUE(std::none_of(nodes.begin(), nodes.end(), [](const Node* n) { return n->is("MaxPool"); })) << inferc::text(*g);
    }
}
TEST(LargestOfIntegers, AreLeftInFloatWhereTheirIndicesAreRead) {
  const std::string body = R"(%1 = Conv(%q, %w, %b) {"group" = 1}
      %2 = inferc.Quantize(%1, %s, %l, %h) {"overflow" = "WRAP", "rounding" = "RND_CONV"}
      %y, %3 = MaxPool(%2) {"kernel_shape" = ints[2, 2]})";
  EXPECT_EQ(count(*lowered(3, 8, body, 17, 3), "FixedMaxPool"), 0);
}

template <class T>
Tensor bytes(std::vector<std::int64_t> shape, unsigned seed) {
  const Tensor from = test::on_grid(shape, 120, 0, seed);
  Tensor out(dtype_of<T>, std::move(shape));
  for (std::size_t i = 0; i < out.size(); ++i) out.as<T>()[i] = static_cast<T>(static_cast<int>(from.as<float>()[i]));
  return out;
}
// Layers of the file: padding is where x is its zero point.
TEST(Depthwise, IsALayerOfBytes) {
  for (const char* attributes : {R"("group" = 20)", R"("group" = 20, "pads" = ints[1, 1, 2, 1], "strides" = ints[2, 1])"}) {
    const std::string head = R"(graph "g" {
      %w: i8[20, 1, 3, 2] = constant #0
      %z: u8[] = constant u8[] {113}
      %s: f32[] = constant f32[] {0.0421}
      %zw: i8[] = constant i8[] {2}
      %t: f32[] = constant f32[] {0.35}
      %zy: u8[] = constant u8[] {7}
      %x: u8[3, 20, 7, 5] = input
)";
    const std::vector<Tensor> weights{bytes<std::int8_t>({20, 1, 3, 2}, 1)}, inputs{bytes<std::uint8_t>({3, 20, 7, 5}, 3)};
    for (const char* layer : {" %y = QLinearConv(%x, %s, %z, %w, %s, %zw, %t, %zy) ", " %y = ConvInteger(%x, %w, %z, %zw) "}) {
      const auto g = test::expect_same_results(lower_fixed_point, head + layer + "{" + attributes + "}\n return %y\n }", weights, inputs);
      EXPECT_EQ(count(*g, "FixedDepthwise"), 1) << inferc::text(*g);
    }
  }
}
TEST(LargestOfIntegers, AreThoseOfTheFile) {
  const auto g = test::expect_same_results(lower_fixed_point, R"(graph "g" {
      %x: i8[3, 20, 7, 5] = input
      %y = MaxPool(%x) {"kernel_shape" = ints[3, 3], "pads" = ints[1, 1, 1, 1]}
      return %y
    })",
                                           {}, {bytes<std::int8_t>({3, 20, 7, 5}, 3)});
  EXPECT_EQ(count(*g, "FixedMaxPool"), 1);
}

}  // namespace
}  // namespace inferc
