#include <algorithm>
#include <cmath>
#include <random>
#include <tuple>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/ops/evaluate_graph.hpp"
#include "compiler/passes/passes.hpp"
#include "tests/support/graphs.hpp"

namespace inferc {
namespace {

using test::count;

// %to = %from to multiples of 2^-fraction within [low, high], ties up, as operators of ONNX.
std::string quantise(const std::string& to, const std::string& from, int fraction, int low, int high) {
  return fmt::format(R"(
      %{0}s: f32[] = constant f32[] {{{2}}}
      %{0}l: f32[] = constant f32[] {{{3}}}
      %{0}h: f32[] = constant f32[] {{{4}}}
      %{0}half: f32[] = constant f32[] {{0.5}}
      %{0}1 = Mul(%{1}, %{0}s)
      %{0}2 = Add(%{0}1, %{0}half)
      %{0}3 = Floor(%{0}2)
      %{0}4 = Clip(%{0}3, %{0}l, %{0}h)
      %{0} = Div(%{0}4, %{0}s))",
                     to, from, std::ldexp(1.0, fraction), low, high);
}

// Constants first, as the text form wants them.
std::string graph_of(const std::string& body, const std::string& outputs = "%y") {
  std::string head, rest;
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t end = std::min(body.find('\n', at), body.size());
    const std::string line = body.substr(at, end - at);
    (line.find("= constant") != line.npos ? head : rest) += line + "\n";
    at = end + 1;
  }
  return R"(graph "g" {
      symbol n: 0..4000
      %x: f32[n, 3] = input
      %w: f32[3, 2] = constant f32[3, 2] {0.5, -0.25, 0.125, 1, -0.75, 0.375}
      %b: f32[2] = constant f32[2] {0.0625, -1.5})" +
         head + rest + "\n return " + outputs + "\n }";
}

// Multiples of 2^-6, ties of coarser grids among them, and values far out.
Tensor inputs_on_ties(std::int64_t rows, std::int64_t cols) {
  std::mt19937 random(7);
  Tensor t(DType::float32, {rows, cols});
  for (float& e : t.as<float>()) e = static_cast<float>(static_cast<int>(random() % 1025) - 512) / 64.0f * (random() % 32 == 0 ? 1000.0f : 1.0f);
  return t;
}

// The pass makes `products` products of integers and every output keeps every bit.
std::unique_ptr<Graph> expect_exact(const std::string& text, int products, std::int64_t cols = 3) {
  const auto before = test::typed_graph(text), after = test::typed_graph(text);
  EXPECT_EQ(lower_fixed_point(*after), products > 0);
  verify(*after);
  EXPECT_EQ(count(*after, "FixedLinear"), products) << inferc::text(*after);
  for (const std::int64_t rows : {0, 1, 2000}) {
    const Tensor x = inputs_on_ties(rows, cols);
    const std::vector<Tensor> e = evaluate_graph(*before, {x}), y = evaluate_graph(*after, {x});
    for (std::size_t k = 0; k < e.size(); ++k)
      for (std::size_t i = 0; i < e[k].size(); ++i)
        if (e[k].as<float>()[i] != y[k].as<float>()[i])
          return ADD_FAILURE() << "output " << k << ", element " << i << ": " << y[k].as<float>()[i] << " for " << e[k].as<float>()[i] << "\n"
                               << inferc::text(*after),
                 nullptr;
  }
  return nullptr;
}

TEST(LowerFixedPoint, TakesALayerBetweenQuantisersThatAreWrittenOut) {
  expect_exact(graph_of(quantise("q", "x", 4, -128, 127) + R"(
      %p = MatMul(%q, %w)
      %s = Add(%p, %b)
      %r = Relu(%s))" + quantise("y", "r", 3, 0, 63)),
               1);
}

TEST(LowerFixedPoint, TakesGemmAndASecondQuantiserThatIsCoarser) {
  expect_exact(graph_of(quantise("q", "x", 5, 0, 127) + R"(
      %p = Gemm(%q, %w, %b))" +
                        quantise("r", "p", 4, -30, 30) + quantise("y", "r", 2, -5, 6)),
               1);
}

TEST(LowerFixedPoint, JoinsLayersWithoutFloatBetween) {
  const std::string text = graph_of(quantise("q", "x", 4, -100, 100) + R"(
      %v: f32[2, 3] = constant f32[2, 3] {1, 0.5, -2, 0.25, 0.75, 1.25}
      %p = Gemm(%q, %w, %b))" + quantise("r", "p", 4, -120, 120) +
                                    R"(
      %y = MatMul(%r, %v))");
  expect_exact(text, 2);
  const auto g = test::typed_graph(text);
  lower_fixed_point(*g);
  EXPECT_EQ(count(*g, "FixedToInteger"), 1);
  EXPECT_EQ(count(*g, "FixedMap"), 0);
}

// %to = %from by QuantizeLinear and DequantizeLinear with a step of 2^-4; `between` makes %{to}c of %{to}q.
std::string by_onnx(const std::string& to, const std::string& from, const std::string& zero, const std::string& between = "") {
  return fmt::format(R"(
      %{0}s: f32[] = constant f32[] {{0.0625}}
      %{0}z: {2}
      %{0}q = QuantizeLinear(%{1}, %{0}s, %{0}z){3}
      %{0} = DequantizeLinear(%{0}{4}, %{0}s, %{0}z))",
                     to, from, zero, between, between.empty() ? "q" : "c");
}
int of_onnx(const Graph& g, std::string_view op) {
  const auto nodes = g.nodes();
  return static_cast<int>(std::count_if(nodes.begin(), nodes.end(), [&](const Node* n) { return n->is(op); }));
}
const std::string i8_at_0 = "i8[] = constant i8[] {0}", u8_at_128 = "u8[] = constant u8[] {128}";

TEST(LowerFixedPoint, JoinsLayersThroughQuantisersOfOnnx) {
  const std::string weights = "\n %v: f32[2, 3] = constant f32[2, 3] {1, 0.5, -2, 0.25, 0.75, 1.25}";
  const auto text = [&](const std::string& between) {
    return graph_of(by_onnx("q", "x", i8_at_0) + weights + "\n %p = Gemm(%q, %w, %b)\n %a = Relu(%p)" + between + "\n %y = MatMul(%r, %v)");
  };
  const std::string clip = R"(
      %lowest: i8[] = constant i8[] {-7}
      %highest: i8[] = constant i8[] {99}
      %rc = Clip(%rq, %lowest, %highest))";
  for (const std::string& between : {by_onnx("r", "a", i8_at_0), by_onnx("r", "a", u8_at_128), by_onnx("r", "a", i8_at_0, clip)}) {
    expect_exact(text(between), 2);
    const auto g = test::typed_graph(text(between));
    lower_fixed_point(*g);
    EXPECT_EQ(of_onnx(*g, "QuantizeLinear"), 1) << inferc::text(*g);
    EXPECT_EQ(of_onnx(*g, "DequantizeLinear") + count(*g, "FixedToInteger") + count(*g, "FixedMap"), 0) << inferc::text(*g);
  }
}

TEST(LowerFixedPoint, KeepsQuantisersOfOnnxWhoseIntegersAreReadOrThatAreNone) {
  const auto kept = [](const std::string& body, const std::string& outputs = "%y") {
    expect_exact(graph_of(by_onnx("q", "x", i8_at_0) + "\n %p = Gemm(%q, %w, %b)" + body, outputs), 1);
    const auto g = test::typed_graph(graph_of(by_onnx("q", "x", i8_at_0) + "\n %p = Gemm(%q, %w, %b)" + body, outputs));
    lower_fixed_point(*g);
    return of_onnx(*g, "QuantizeLinear");
  };
  EXPECT_EQ(kept(by_onnx("y", "p", i8_at_0)), 1) << "its own alone";
  EXPECT_EQ(kept(by_onnx("y", "p", i8_at_0) + "\n %f = Cast(%yq) {\"to\" = 1}", "%y, %f"), 2) << "integers of the file are read elsewhere";
  EXPECT_EQ(kept(R"(
      %s: f32[] = constant f32[] {0.0625}
      %t: f32[] = constant f32[] {0.125}
      %r = QuantizeLinear(%p, %s, %qz)
      %y = DequantizeLinear(%r, %t, %qz))"),
            2)
      << "another step";
}

TEST(LowerFixedPoint, TakesEveryStep) {
  const auto with = [](const std::string& steps) { return graph_of(quantise("q", "x", 4, -128, 127) + "\n %p = MatMul(%q, %w)\n" + steps); };
  expect_exact(with(R"( %y = LeakyRelu(%p) {"alpha" = 0.1015625})"), 1);
  expect_exact(with(R"( %c: f32[] = constant f32[] {-4}
 %1 = Mul(%p, %w2)
 %w2: f32[] = constant f32[] {0.25}
 %2 = Round(%1)
 %y = Max(%2, %c))"),
               1);
  expect_exact(with(R"( %l: f32[] = constant f32[] {-0.4375}
 %h: f32[2] = constant f32[2] {0.5, 1.25}
 %1 = Min(%p, %h)
 %2 = Max(%1, %l)
 %3 = Sub(%2, %b)
 %y = Floor(%3))"),
               1);
}

// Weights 2^-10 and 2^0 side by side: the columns of the sum have units of their own, of one of which 8 bits cannot be.
TEST(LowerFixedPoint, TakesColumnsOfDifferentUnits) {
  expect_exact(graph_of(quantise("q", "x", 4, -128, 127) + R"(
      %u: f32[3, 2] = constant f32[3, 2] {97, 0.0009765625, 45, 0.0048828125, -101, -0.1240234375}
      %p = Gemm(%q, %u, %b)
      %o = MatMul(%q, %u))" +
                            quantise("y", "p", 2, -100, 100),
                        "%y, %o"),
               2);
}

TEST(LowerFixedPoint, KeepsAValueThatIsReadInBothForms) {
  expect_exact(graph_of(quantise("q", "x", 4, -128, 127) + R"(
      %v: f32[2, 2] = constant f32[2, 2] {1, 0.5, -2, 0.25}
      %p = Gemm(%q, %w, %b))" +
                            quantise("r", "p", 3, -64, 63) + R"(
      %y = MatMul(%r, %v)
      %t = Tanh(%r))",
                        "%y, %t, %r"),
               2);
}

TEST(LowerFixedPoint, MovesIntegersWithoutGoingBackToFloat) {
  const std::string text = graph_of(quantise("q", "x", 4, -100, 100) + R"(
      %v: f32[4, 1] = constant f32[4, 1] {1, 0.5, -2, 0.25}
      %shape: i64[2] = constant i64[2] {-1, 4}
      %p = Gemm(%q, %w, %b))" + quantise("r", "p", 4, -120, 120) +
                                    R"(
      %f = Reshape(%r, %shape)
      %y = MatMul(%f, %v))");
  const auto g = test::typed_graph(text);
  EXPECT_TRUE(lower_fixed_point(*g));
  EXPECT_EQ(count(*g, "FixedLinear"), 2);
  EXPECT_EQ(count(*g, "FixedMap"), 0);
}

// Sums of two values on grids of their own: one reads the first layer, the other is quantised for the second.
std::string residual(const std::string& sum) {
  return graph_of(quantise("q", "x", 4, -100, 100) + R"(
      %v: f32[2, 3] = constant f32[2, 3] {1, 0.5, -2, 0.25, 0.75, 1.25}
      %p = Gemm(%q, %w, %b))" +
                  quantise("r", "p", 6, 0, 120) + R"(
      %o = MatMul(%r, %v))" +
                  quantise("s", "o", 3, -120, 120) + sum);
}
TEST(LowerFixedPoint, AddsTwoTensorsOfIntegers) {
  const std::string text = residual("\n %1 = Add(%s, %q)\n %2 = Relu(%1)" + quantise("y", "2", 2, 0, 127));
  expect_exact(text, 2);
  const auto g = test::typed_graph(text);
  EXPECT_TRUE(lower_fixed_point(*g));
  EXPECT_EQ(count(*g, "FixedAdd"), 1) << inferc::text(*g);
  EXPECT_EQ(count(*g, "FixedMap"), 0) << inferc::text(*g);
  const auto wide = test::typed_graph(residual("\n %y = Add(%q, %s)"));
  EXPECT_TRUE(lower_fixed_point(*wide));
  EXPECT_EQ(count(*wide, "FixedAdd"), 1) << inferc::text(*wide);
  expect_exact(residual("\n %y = Add(%q, %s)"), 2);
}
TEST(LowerFixedPoint, LeavesSumsWithWhatIsOnNoGrid) {
  for (const char* sum : {"\n %t = Tanh(%x)\n %y = Add(%s, %t)", "\n %1: f32[1, 3] = constant f32[1, 3] {0.1, 0.2, 0.3}\n %y = Add(%s, %1)"}) {
    const auto g = test::typed_graph(residual(sum));
    EXPECT_TRUE(lower_fixed_point(*g));
    EXPECT_EQ(count(*g, "FixedAdd"), 0) << inferc::text(*g);
    expect_exact(residual(sum), 2);
  }
}

// A convolution over [n, 4, 7, 5] between quantisers, with bias, LeakyRelu, a largest of four, and a layer behind it.
std::string convolution(const std::string& attributes, const std::string& weights) {
  return R"(graph "g" {
      symbol n: 0..4
      %shape: i64[4] = constant i64[4] {-1, 4, 7, 5}
      %w: f32[6, )" +
         weights + R"(, 3, 2] = constant #0
      %b: f32[6] = constant f32[6] {0.5, -1, 0.25, 2, -0.125, 0}
      %c: f32[6, 1, 1] = constant f32[6, 1, 1] {0.5, 0.25, 0.125, 1, 2, -4}
      %s: f32[] = constant f32[] {16}
      %l: f32[] = constant f32[] {-100}
      %h: f32[] = constant f32[] {90}
      %t: f32[] = constant f32[] {4}
      %x: f32[n, 140] = input
      %0 = Reshape(%x, %shape)
      %1 = Mul(%0, %s)
      %2 = Floor(%1)
      %3 = Clip(%2, %l, %h)
      %4 = Div(%3, %s)
      %5 = Conv(%4, %w, %b) {)" +
         attributes + R"(}
      %6 = LeakyRelu(%5) {"alpha" = 0.125}
      %7 = Add(%6, %c)
      %8 = Mul(%7, %t)
      %9 = Round(%8)
      %10 = Clip(%9, %l, %h)
      %11 = Div(%10, %t)
      %y = MaxPool(%11) {"kernel_shape" = ints[2, 2]}
      return %y, %11
    })";
}
void expect_exact_convolution(const std::string& attributes, std::int64_t channels, int products) {
  Tensor w(DType::float32, {6, channels, 3, 2});
  std::mt19937 random(3);
  for (float& e : w.as<float>()) e = static_cast<float>(static_cast<int>(random() % 101) - 50) / 32.0f;
  const auto make = [&] {
    auto g = parse_graph(convolution(attributes, std::to_string(channels)), {w});
    Diagnostics problems;
    EXPECT_TRUE(infer_types(*g, problems));
    return g;
  };
  const auto before = make(), after = make();
  EXPECT_EQ(lower_fixed_point(*after), products > 0);
  verify(*after);
  EXPECT_EQ(count(*after, "FixedLinear"), products) << inferc::text(*after);
  for (const std::int64_t rows : {0, 1, 3}) {
    const Tensor x = inputs_on_ties(rows, 140);
    const std::vector<Tensor> e = evaluate_graph(*before, {x}), y = evaluate_graph(*after, {x});
    for (std::size_t k = 0; k < e.size(); ++k)
      for (std::size_t i = 0; i < e[k].size(); ++i) ASSERT_EQ(e[k].as<float>()[i], y[k].as<float>()[i]) << attributes << ", output " << k << ", element " << i;
  }
}
TEST(LowerFixedPoint, TakesConvolutions) {
  expect_exact_convolution(R"("group" = 1)", 4, 1);
  expect_exact_convolution(R"("pads" = ints[1, 2, 0, 1], "strides" = ints[2, 1])", 4, 1);
  expect_exact_convolution(R"("dilations" = ints[2, 2], "pads" = ints[2, 0, 1, 1])", 4, 1);
  expect_exact_convolution(R"("group" = 2, "pads" = ints[1, 1, 1, 1])", 2, 1);
}

// [n, 8, 4, 4] quantised, through `body`, to %y.
std::string image(const std::string& body) {
  return R"(graph "g" {
      symbol n: 0..4
      %shape: i64[4] = constant i64[4] {-1, 8, 4, 4}
      %w: f32[8, 1, 3, 3] = constant #0
      %s: f32[] = constant f32[] {16}
      %l: f32[] = constant f32[] {-100}
      %h: f32[] = constant f32[] {90}
      %x: f32[n, 128] = input
      %0 = Reshape(%x, %shape)
      %q = inferc.Quantize(%0, %s, %l, %h) {"overflow" = "SAT", "rounding" = "RND"}
      )" +
         body + "\n return %y\n }";
}
void expect_image(const std::string& body, int products) {
  Tensor w(DType::float32, {8, 1, 3, 3});
  std::mt19937 random(4);
  for (float& e : w.as<float>()) e = static_cast<float>(static_cast<int>(random() % 101) - 50) / 32.0f;
  const auto make = [&] {
    auto g = parse_graph(image(body), {w});
    Diagnostics problems;
    EXPECT_TRUE(infer_types(*g, problems));
    return g;
  };
  const auto before = make(), after = make();
  EXPECT_EQ(lower_fixed_point(*after), products > 0) << body;
  verify(*after);
  EXPECT_EQ(count(*after, "FixedLinear"), products) << inferc::text(*after);
  for (const std::int64_t rows : {0, 1, 3}) {
    const Tensor x = inputs_on_ties(rows, 128);
    const Tensor e = evaluate_graph(*before, {x})[0], y = evaluate_graph(*after, {x})[0];
    for (std::size_t i = 0; i < e.size(); ++i) ASSERT_EQ(e.as<float>()[i], y.as<float>()[i]) << body << ", element " << i;
  }
}
TEST(LowerFixedPoint, TakesAveragesOfPowersOfTwo) {
  expect_image(R"(%y = AveragePool(%q) {"kernel_shape" = ints[2, 2], "strides" = ints[2, 2]})", 1);
  expect_image(R"(%1 = AveragePool(%q) {"kernel_shape" = ints[4, 2], "strides" = ints[1, 2], "count_include_pad" = 1}
      %y = inferc.Quantize(%1, %s, %l, %h) {"overflow" = "WRAP", "rounding" = "RND_CONV"})",
               1);
  expect_image("%y = GlobalAveragePool(%q)", 1);
}
TEST(LowerFixedPoint, LeavesAveragesThatAreOnNoGrid) {
  expect_image(R"(%y = AveragePool(%q) {"kernel_shape" = ints[3, 1]})", 0);
  expect_image(R"(%y = AveragePool(%q) {"kernel_shape" = ints[2, 2], "pads" = ints[1, 1, 0, 0]})", 0);
  expect_image("%1 = Tanh(%q)\n %y = GlobalAveragePool(%1)", 0);
}
TEST(LowerFixedPoint, TakesDepthwiseConvolutionsOfAPanel) { expect_image(R"(%y = Conv(%q, %w) {"group" = 8, "pads" = ints[1, 1, 1, 1]})", 1); }

// Two layers [3, 40] and [40, 5], the first with a bias, of which `zeros` percent of the rows and columns are zero.
std::string pruned_layers() {
  return graph_of(quantise("q", "x", 4, -100, 100) + R"(
      %u: f32[3, 40] = constant #0
      %v: f32[40, 5] = constant #1
      %c: f32[40] = constant #2
      %p = Gemm(%q, %u, %c))" +
                  quantise("r", "p", 4, -120, 120) + R"(
      %y = MatMul(%r, %v))");
}
Tensor pruned(std::vector<std::int64_t> shape, unsigned zeros, bool rows, unsigned seed) {
  Tensor t(DType::float32, shape);
  std::mt19937 random(seed);
  std::vector<bool> dead(static_cast<std::size_t>(std::max(shape[0], shape.back())));
  for (std::size_t i = 0; i < dead.size(); ++i) dead[i] = random() % 100 < zeros;
  for (std::size_t i = 0; i < t.size(); ++i) {
    const auto cols = static_cast<std::size_t>(shape.back());
    t.as<float>()[i] = dead[rows ? i / cols : i % cols] ? 0 : static_cast<float>(static_cast<int>(random() % 61) - 30) / 16.0f;
  }
  return t;
}
TEST(DropDeadNeurons, DropsConstantAndUnreadOnesByWholePanels) {
  for (const auto& [columns, rows, left] : {std::tuple{0u, 0u, 40}, std::tuple{60u, 0u, 16}, std::tuple{0u, 60u, 16}, std::tuple{0u, 30u, 32},
                                            std::tuple{50u, 50u, 16}, std::tuple{100u, 0u, 16}}) {
    const auto make = [&, c = columns, r = rows] {
      auto g = parse_graph(pruned_layers(), {pruned({3, 40}, c, false, 5), pruned({40, 5}, r, true, 6), pruned({40}, 0, false, 7)});
      Diagnostics problems;
      EXPECT_TRUE(infer_types(*g, problems));
      return g;
    };
    const auto before = make(), after = make();
    ASSERT_TRUE(lower_fixed_point(*after));
    EXPECT_EQ(drop_dead_neurons(*after), left < 40) << columns << ' ' << rows;
    verify(*after);
    for (const Node* n : after->nodes()) {
      if (!n->is("FixedLinear", "inferc") || n->in(1)->constant->shape()[0] != 3) continue;
      EXPECT_EQ(n->in(1)->constant->shape()[1], left) << columns << ' ' << rows;
    }
    const Tensor x = inputs_on_ties(500, 3);
    EXPECT_TRUE(evaluate_graph(*before, {x})[0].same(evaluate_graph(*after, {x})[0])) << columns << ' ' << rows;
  }
}
TEST(DropDeadNeurons, LeavesNeuronsThatSomebodyElseReads) {
  auto g = parse_graph(pruned_layers(), {pruned({3, 40}, 80, false, 5), pruned({40, 5}, 0, true, 6), pruned({40}, 0, false, 7)});
  Diagnostics problems;
  ASSERT_TRUE(infer_types(*g, problems));
  std::vector<Value*> outputs = g->outputs();
  outputs.push_back(outputs[0]->producer->in(0));
  g->set_outputs(outputs);
  ASSERT_TRUE(lower_fixed_point(*g));
  EXPECT_FALSE(drop_dead_neurons(*g));
}

// Of the layers above with `zeros` percent of the first one's columns zero.
std::unique_ptr<Graph> layers_with(unsigned zeros, bool read_twice = false) {
  auto g = parse_graph(pruned_layers(), {pruned({3, 40}, zeros, false, 5), pruned({40, 5}, 0, true, 6), pruned({40}, 0, false, 7)});
  Diagnostics problems;
  EXPECT_TRUE(infer_types(*g, problems));
  std::vector<Value*> outputs = g->outputs();
  if (read_twice) outputs.push_back(outputs[0]->producer->in(0));
  g->set_outputs(outputs);
  return g;
}
TEST(OrderNeurons, PutsThoseWithMostWeightsFirst) {
  const auto before = layers_with(60), after = layers_with(60);
  ASSERT_TRUE(lower_fixed_point(*after));
  EXPECT_TRUE(order_neurons(*after));
  verify(*after);
  for (const Node* n : after->nodes()) {
    if (!n->is("FixedLinear", "inferc") || n->in(1)->constant->shape()[0] != 3) continue;
    std::vector<int> weights(40);
    const auto all = n->in(1)->constant->as<std::int32_t>();
    for (std::size_t i = 0; i < all.size(); ++i) weights[i % 40] += all[i] != 0;
    EXPECT_TRUE(std::is_sorted(weights.rbegin(), weights.rend()));
    EXPECT_EQ(weights.back(), 0);
  }
  const Tensor x = inputs_on_ties(500, 3);
  EXPECT_TRUE(evaluate_graph(*before, {x})[0].same(evaluate_graph(*after, {x})[0]));
  EXPECT_FALSE(order_neurons(*after)) << "they are in order";
}
TEST(OrderNeurons, LeavesThoseOfDenseLayersAndThoseThatSomebodyElseReads) {
  for (const bool twice : {false, true}) {
    const auto g = layers_with(twice ? 60 : 20, twice);
    ASSERT_TRUE(lower_fixed_point(*g));
    EXPECT_FALSE(order_neurons(*g));
  }
}

// %y as a function of %q, which a layer gives and another reads.
std::string function(const std::string& nodes, int bits = 7, int fraction = 4) {
  return graph_of(quantise("0", "x", 4, -100, 100) + R"(
      %v: f32[2, 1] = constant f32[2, 1] {1, -0.5}
      %p = Gemm(%0, %w, %b))" +
                  quantise("q", "p", fraction, -(1 << bits), (1 << bits) - 1) + nodes + quantise("t", "f", 6, -60, 63) + "\n %y = MatMul(%t, %v)");
}
const Node* find(const Graph& graph, std::string_view op) {
  for (const Node* n : graph.nodes())
    if (n->is(op, "inferc")) return n;
  return nullptr;
}
const char* const gelu = R"(
      %root: f32[] = constant f32[] {1.4142135}
      %one: f32[] = constant f32[] {1}
      %half: f32[] = constant f32[] {0.5}
      %1 = Div(%q, %root)
      %2 = Erf(%1)
      %3 = Add(%2, %one)
      %4 = Mul(%q, %3)
      %f = Mul(%4, %half))";

// Whatever the function is, and from however many operators it is made.
TEST(FunctionsOfFewIntegers, AreTables) {
  const char* const third = "\n %c: f32[] = constant f32[] {0.3333}\n %f = Mul(%q, %c)";
  const char* const bounded = "\n %1 = Sigmoid(%q)\n %2 = Tanh(%1)\n %f = Sub(%2, %1)";
  for (const std::string& nodes :
       {std::string("\n %f = Tanh(%q)"), std::string("\n %f = Sigmoid(%q)"), std::string(gelu), std::string(third), std::string(bounded)}) {
    const std::string text = function(nodes);
    expect_exact(text, 2);
    const auto g = test::typed_graph(text);
    ASSERT_TRUE(lower_fixed_point(*g));
    EXPECT_EQ(count(*g, "FixedTable"), 1) << inferc::text(*g);
    EXPECT_EQ(count(*g, "FixedMap"), 0) << inferc::text(*g);
    const Node* table = find(*g, "FixedTable");
    EXPECT_EQ(table->in(2)->constant->as<std::int32_t>()[0], 128);
    EXPECT_EQ(table->in(1)->constant->size(), 256u);
    EXPECT_EQ(byte_size(table->out()->type->dtype), 1u);
  }
}
TEST(FunctionsOfFewIntegers, AreTablesOfFloatsWhereNobodyReadsIntegers) {
  const std::string text = graph_of(quantise("q", "x", 4, -100, 100) + "\n %1 = Sigmoid(%q)" + quantise("y", "1", 7, 0, 127));
  const auto before = test::typed_graph(text), after = test::typed_graph(text);
  recognise_quantisers(*after);
  ASSERT_TRUE(lower_fixed_point(*after));
  verify(*after);
  ASSERT_EQ(count(*after, "FixedTable"), 1) << inferc::text(*after);
  EXPECT_EQ(find(*after, "FixedTable")->out()->type->dtype, DType::float32);
  EXPECT_EQ(count(*after, "FixedToInteger"), 1);
  EXPECT_EQ(after->nodes().size(), 2u) << inferc::text(*after);
  const Tensor x = inputs_on_ties(2000, 3);
  EXPECT_TRUE(evaluate_graph(*before, {x})[0].same(evaluate_graph(*after, {x})[0]));
}
TEST(FunctionsOfFewIntegers, AreNoTablesOfManyPoints) {
  for (const auto& [bits, tables] : {std::pair{11, 1}, std::pair{12, 0}}) {
    const std::string text = function("\n %f = Tanh(%q)", bits, 8);
    expect_exact(text, 2);
    const auto g = test::typed_graph(text);
    ASSERT_TRUE(lower_fixed_point(*g));
    EXPECT_EQ(count(*g, "FixedTable"), tables) << bits;
  }
}
TEST(FunctionsOfFewIntegers, AreNoTablesOfTwoValuesOrOfOthers) {
  for (const auto& [nodes, layers] :
       {std::pair{"\n %1 = Tanh(%x)\n %2 = ReduceSum(%1) {\"keepdims\" = 1}\n %f = Mul(%q, %2)", 2}, std::pair{"\n %f = Softmax(%q)", 2}}) {
    const auto g = test::typed_graph(function(nodes));
    ASSERT_TRUE(lower_fixed_point(*g));
    EXPECT_EQ(count(*g, "FixedTable"), 0) << nodes;
    expect_exact(function(nodes), layers);
  }
  const auto g = test::typed_graph(graph_of("\n %1 = Tanh(%x)" + quantise("y", "1", 6, -64, 63)));
  EXPECT_FALSE(lower_fixed_point(*g)) << "the input is on no grid";
}
TEST(FunctionsOfFewIntegers, KeepAValueInsideThatIsReadElsewhere) {
  const auto before = test::typed_graph(function("\n %1 = Sigmoid(%q)\n %f = Mul(%q, %1)")), after = clone(*before);
  for (Graph* g : {before.get(), after.get()})
    for (const Node* n : g->nodes())
      if (n->is("Sigmoid")) g->set_outputs({g->outputs()[0], n->out()});
  ASSERT_TRUE(lower_fixed_point(*after));
  verify(*after);
  EXPECT_EQ(count(*after, "FixedTable"), 1);
  const Tensor x = inputs_on_ties(500, 3);
  const std::vector<Tensor> e = evaluate_graph(*before, {x}), y = evaluate_graph(*after, {x});
  EXPECT_TRUE(e[0].same(y[0]) && e[1].same(y[1]));
}
// A step that is no power of two: the integers are those of the file.
TEST(FunctionsOfFewIntegers, AreTablesOfIntegersInTheFile) {
  const std::string text = R"(graph "g" {
      symbol n: 0..4000
      %s: f32[] = constant f32[] {0.0371}
      %z: i8[] = constant i8[] {3}
      %t: f32[] = constant f32[] {0.00392}
      %0: u8[] = constant u8[] {1}
      %x: f32[n, 3] = input
      %q = QuantizeLinear(%x, %s, %z)
      %1 = DequantizeLinear(%q, %s, %z)
      %2 = Sigmoid(%1)
      %y = QuantizeLinear(%2, %t, %0)
      return %y
    })";
  const auto before = test::typed_graph(text), after = test::typed_graph(text);
  ASSERT_TRUE(lower_fixed_point(*after));
  verify(*after);
  EXPECT_EQ(count(*after, "FixedTable"), 1) << inferc::text(*after);
  EXPECT_EQ(after->nodes().size(), 2u) << inferc::text(*after);
  const Tensor x = inputs_on_ties(2000, 3);
  EXPECT_TRUE(evaluate_graph(*before, {x})[0].same(evaluate_graph(*after, {x})[0]));
}
// 0.5 times odd numbers lies on half steps of the result, everything else far away from them.
TEST(FunctionsOfFewIntegers, TellWhatIsNearABoundary) {
  const auto near = [](float factor) {
    const auto g = test::typed_graph(R"(graph "g" {
      %s: f32[] = constant f32[] {1}
      %l: f32[] = constant f32[] {-3}
      %h: f32[] = constant f32[] {3}
      %c: f32[] = constant f32[] {)" +
                                     fmt::format("{}", factor) + R"(}
      %x: f32[4] = input
      %q = inferc.Quantize(%x, %s, %l, %h) {"overflow" = "SAT", "rounding" = "RND"}
      %1 = Exp(%q)
      %2 = Log(%1)
      %3 = Mul(%2, %c)
      %y = inferc.Quantize(%3, %s, %l, %h) {"overflow" = "SAT", "rounding" = "RND"}
      return %y
    })");
    lower_fixed_point(*g);
    const Node* table = find(*g, "FixedTable");
    return table ? table->attr("near", std::vector<std::int64_t>{99}) : std::vector<std::int64_t>{77};
  };
  EXPECT_EQ(near(0.5f), (std::vector<std::int64_t>{-3, -1, 1, 3}));
  EXPECT_EQ(near(0.4f), std::vector<std::int64_t>{});
}

// Sums of 27 bits: float32 rounds them, the integers are exact.
TEST(LowerFixedPoint, IsRightWhereFloat32Rounds) {
  const auto g = test::typed_graph(R"(graph "g" {
      %s: f32[] = constant f32[] {4096}
      %l: f32[] = constant f32[] {-32768}
      %h: f32[] = constant f32[] {32767}
      %w: f32[3, 1] = constant f32[3, 1] {0.999755859375, 0.999755859375, 0.0001220703125}
      %x: f32[1, 3] = input
      %1 = Mul(%x, %s)
      %2 = Floor(%1)
      %3 = Clip(%2, %l, %h)
      %4 = Div(%3, %s)
      %5 = MatMul(%4, %w)
      %6 = Mul(%5, %s)
      %7 = Floor(%6)
      %y = Div(%7, %s)
      return %y
    })");
  ASSERT_TRUE(lower_fixed_point(*g));
  const float a = 32767.0f / 4096, c = 1.0f / 4096;
  const std::int64_t sum = 2 * 32767 * std::int64_t{8190} + 1, expected = sum >> 13;  // w in units of 2^-13
  const Tensor x = tensor_of<float>({1, 3}, std::vector<float>{a, a, c});
  EXPECT_EQ(evaluate_graph(*g, {x})[0].as<float>()[0], static_cast<float>(expected) / 4096);
}

TEST(LowerFixedPoint, LeavesWhatIsOnNoGrid) {
  expect_exact(graph_of("\n %y = MatMul(%x, %w)"), 0);
  expect_exact(graph_of(R"(
      %t = Tanh(%x)
      %y = MatMul(%t, %w))"),
               0);
  expect_exact(graph_of(quantise("q", "x", 4, -128, 127) + R"(
      %v: f32[3, 1] = constant f32[3, 1] {0.1, 0.2, 0.3}
      %y = MatMul(%q, %v))"),
               0);
  expect_exact(graph_of(quantise("q", "x", 4, -128, 127) + R"(
      %y = Gemm(%q, %w, %b) {"alpha" = 3.0})"),
               0);
}

TEST(LowerFixedPoint, StopsAtABiasThatIsOnNoGrid) {
  expect_exact(graph_of(quantise("q", "x", 4, -128, 127) + R"(
      %c: f32[2] = constant f32[2] {1e-30, 1}
      %p = MatMul(%q, %w)
      %y = Add(%p, %c))"),
               1);
}

}  // namespace
}  // namespace inferc
