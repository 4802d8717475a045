#include <cmath>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/ops/evaluate_graph.hpp"
#include "compiler/passes/passes.hpp"
#include "tests/support/graphs.hpp"

namespace inferc {
namespace {

Tensor drawn(std::vector<std::int64_t> shape, unsigned seed) {
  Tensor t(DType::float32, std::move(shape));
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  for (float& v : t.as<float>()) v = normal(random);
  return t;
}
// [rows, columns, taps...] with zeros in rows, or columns, from `first` on.
Tensor pruned(std::vector<std::int64_t> shape, std::size_t axis, std::int64_t first, unsigned seed) {
  Tensor t = drawn(shape, seed);
  std::size_t inner = 1;
  for (std::size_t d = axis + 1; d < shape.size(); ++d) inner *= static_cast<std::size_t>(shape[d]);
  for (std::size_t i = 0; i < t.size(); ++i)
    if (static_cast<std::int64_t>(i / inner) % shape[axis] >= first) t.as<float>()[i] = 0;
  return t;
}

std::unique_ptr<Graph> typed(const std::string& text, const std::vector<Tensor>& constants) {
  auto g = parse_graph(text, constants);
  Diagnostics problems;
  EXPECT_TRUE(infer_types(*g, problems)) << text;
  return g;
}

// The widths of all layers after the pass, which are others than before if `changes`; the results agree to 4 eps of the largest.
std::vector<std::int64_t> widths(const std::string& text, const std::vector<Tensor>& constants, const Tensor& x, bool changes) {
  const auto before = typed(text, constants), after = typed(text, constants);
  EXPECT_EQ(drop_dead_channels(*after), changes) << inferc::text(*after);
  verify(*after);
  const std::vector<Tensor> e = evaluate_graph(*before, {x}), y = evaluate_graph(*after, {x});
  for (std::size_t k = 0; k < e.size(); ++k) {
    float largest = 0, error = 0;
    for (std::size_t i = 0; i < e[k].size(); ++i) {
      largest = std::max(largest, std::abs(e[k].as<float>()[i]));
      error = std::max(error, std::abs(e[k].as<float>()[i] - y[k].as<float>()[i]));
    }
    EXPECT_GT(largest, 0) << "nothing is compared";
    EXPECT_LE(error, 4 * 0x1p-23f * largest) << inferc::text(*after);
  }
  std::vector<std::int64_t> out;
  for (const Node* n : after->nodes()) {
    if (n->is("MatMul")) out.push_back(n->in(1)->constant->shape()[1]);
    if (n->is("Conv")) out.push_back(n->in(1)->constant->shape()[0]);
  }
  return out;
}

std::string layers(const std::string& between, const std::string& returned = "%y") {
  return R"(graph "g" {
      symbol n: 0..100
      %u: f32[5, 40] = constant #0
      %v: f32[40, 24] = constant #1
      %w: f32[24, 3] = constant #2
      %b: f32[40] = constant #3
      %half: f32[] = constant f32[] {0.5}
      %x: f32[n, 5] = input
      %p = MatMul(%x, %u)
      )" +
         between +
         R"(
      %q = MatMul(%r, %v)
      %s = Relu(%q)
      %y = MatMul(%s, %w)
      return )" +
         returned + "\n }";
}
const char* const bias = "%a = Add(%p, %b)\n %r = Relu(%a)";

TEST(DropDeadChannels, DropsConstantAndUnreadOnesByWholePanels) {
  const Tensor u = drawn({5, 40}, 1), v = drawn({40, 24}, 2), w = drawn({24, 3}, 3), b = drawn({40}, 4), x = drawn({9, 5}, 5);
  using Widths = std::vector<std::int64_t>;
  EXPECT_EQ(widths(layers(bias), {u, v, w, b}, x, false), (Widths{40, 24, 3}));
  EXPECT_EQ(widths(layers(bias), {pruned({5, 40}, 1, 20, 1), v, w, b}, x, true), (Widths{32, 24, 3}));
  EXPECT_EQ(widths(layers(bias), {pruned({5, 40}, 1, 3, 1), v, w, b}, x, true), (Widths{16, 24, 3}));
  EXPECT_EQ(widths(layers(bias), {u, pruned({40, 24}, 0, 7, 2), w, b}, x, true), (Widths{16, 24, 3}));
  EXPECT_EQ(widths(layers(bias), {u, pruned({40, 24}, 0, 33, 2), w, b}, x, false), (Widths{40, 24, 3})) << "no panel less";
}
// Nobody reads the second layer's channels: then nobody reads those of the first that they alone were for.
TEST(DropDeadChannels, GoesOnUntilNothingChanges) {
  Tensor v = drawn({40, 24}, 2);
  for (std::size_t i = 0; i < v.size(); ++i)
    if (i / 24 >= 16 && i % 24 < 16) v.as<float>()[i] = 0;
  Tensor w = pruned({24, 3}, 0, 16, 3);
  EXPECT_EQ(widths(layers(bias), {drawn({5, 40}, 1), v, w, drawn({40}, 4)}, drawn({9, 5}, 5), true), (std::vector<std::int64_t>{16, 16, 3}));
}
TEST(DropDeadChannels, GoesThroughWhatHandlesEachChannelForItself) {
  const std::vector<Tensor> constants{pruned({5, 40}, 1, 9, 1), drawn({40, 24}, 2), drawn({24, 3}, 3), drawn({40}, 4)};
  const Tensor x = drawn({9, 5}, 5);
  for (const char* between : {"%1 = Mul(%p, %b)\n %r = Sigmoid(%1)", "%1 = Sub(%b, %p)\n %2 = Tanh(%1)\n %r = Mul(%2, %half)", "%r = Relu(%p)"})
    EXPECT_EQ(widths(layers(between), constants, x, true)[0], 16) << between;
}
TEST(DropDeadChannels, LeavesWhatOthersReadOrMix) {
  const std::vector<Tensor> constants{pruned({5, 40}, 1, 9, 1), drawn({40, 24}, 2), drawn({24, 3}, 3), drawn({40}, 4)};
  const Tensor x = drawn({9, 5}, 5);
  EXPECT_EQ(widths(layers(bias, "%y, %r"), constants, x, false)[0], 40);
  EXPECT_EQ(widths(layers("%r = Softmax(%p)"), constants, x, false)[0], 40);
  EXPECT_EQ(widths(layers("%1 = Relu(%p)\n %2 = Tanh(%p)\n %r = Add(%1, %2)"), constants, x, false)[0], 40);
}
// 1 / 0 is no constant that could be added.
TEST(DropDeadChannels, LeavesConstantsThatAreInfinite) {
  const auto g = typed(layers("%r = Div(%half, %p)"), {pruned({5, 40}, 1, 9, 1), drawn({40, 24}, 2), drawn({24, 3}, 3), drawn({40}, 4)});
  EXPECT_FALSE(drop_dead_channels(*g));
}

// docs/numerics.md: 0 times infinity is dropped with the neuron.
TEST(DropDeadChannels, DropsZeroTimesInfinity) {
  const std::vector<Tensor> constants{drawn({5, 40}, 1), pruned({40, 24}, 0, 16, 2), drawn({24, 3}, 3), drawn({40}, 4)};
  Tensor wide(DType::float32, {5, 40});
  for (std::size_t i = 0; i < wide.size(); ++i) wide.as<float>()[i] = i % 40 < 16 ? constants[0].as<float>()[i] : 3e38f;
  const auto before = typed(layers(bias), {wide, constants[1], constants[2], constants[3]}), after = clone(*before);
  ASSERT_TRUE(drop_dead_channels(*after));
  Tensor x(DType::float32, {1, 5});
  std::fill(x.as<float>().begin(), x.as<float>().end(), 2.0f);
  EXPECT_TRUE(std::isnan(evaluate_graph(*before, {x})[0].as<float>()[0]));
  EXPECT_TRUE(std::isfinite(evaluate_graph(*after, {x})[0].as<float>()[0]));
}

std::string convolutions(const std::string& pads, bool with_bias) {
  return fmt::format(R"(graph "g" {{
      %u: f32[40, 3, 3, 3] = constant #0
      %v: f32[20, 40, 3, 3] = constant #1
      %b: f32[40] = constant #2
      %x: f32[2, 3, 12, 12] = input
      %p = Conv(%x, %u{0})
      %r = Relu(%p)
      %m = MaxPool(%r) {{"kernel_shape" = ints[2, 2], "strides" = ints[2, 2]}}
      %y = Conv(%m, %v){1}
      return %y
    }})",
                     with_bias ? ", %b" : "", pads.empty() ? "" : " {" + pads + "}");
}
// A constant of a channel is not what padding gives, unless both are 0.
TEST(DropDeadChannels, GoesThroughConvolutionsWherePaddingAllowsIt) {
  const Tensor u = pruned({40, 3, 3, 3}, 0, 10, 1), v = drawn({20, 40, 3, 3}, 2), x = drawn({2, 3, 12, 12}, 4);
  Tensor b = drawn({40}, 3);
  for (float& e : b.as<float>()) e = std::abs(e) + 0.1f;
  EXPECT_EQ(widths(convolutions("", true), {u, v, b}, x, true)[0], 16);
  EXPECT_EQ(widths(convolutions(R"("pads" = ints[1, 1, 1, 1])", true), {u, v, b}, x, false)[0], 40);
  EXPECT_EQ(widths(convolutions(R"("pads" = ints[1, 1, 1, 1])", false), {u, v, b}, x, true)[0], 16);
  EXPECT_EQ(widths(convolutions(R"("pads" = ints[1, 1, 1, 1])", true), {drawn({40, 3, 3, 3}, 1), pruned({20, 40, 3, 3}, 1, 16, 2), b}, x, true)[0], 16);
}

}  // namespace
}  // namespace inferc
