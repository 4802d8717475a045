#include <gtest/gtest.h>

#include <fmt/format.h>

#include "compiler/passes/passes.hpp"
#include "tests/support/graphs.hpp"
#include "tests/support/same_results.hpp"

// Functions of values that take few different ones, as tables: of steps or constants that differ along an axis.
namespace inferc {
namespace {

using test::count;

const std::string half_up = R"( {"overflow" = "SAT", "rounding" = "RND"})", to_even = R"( {"overflow" = "SAT", "rounding" = "RND_CONV"})";

// %q of 4 columns with the steps 2^-4, 2^-2, 2^-4, 2^-6; %f by `body`; %t on one grid, or on one for each column; %y a layer.
std::string columns(const std::string& body, const std::string& out_scale = "f32[] = constant f32[] {64}", const std::string& out = "%y") {
  return R"(graph "g" {
      symbol n: 0..4000
      %s: f32[4] = constant f32[4] {16, 4, 16, 64}
      %l: f32[4] = constant f32[4] {-64, -16, -64, -128}
      %h: f32[4] = constant f32[4] {63, 15, 63, 127}
      %o: )" +
         out_scale + R"(
      %ol: f32[] = constant f32[] {-90}
      %oh: f32[] = constant f32[] {100}
      %m: f32[] = constant f32[] {0.3}
      %c: f32[4] = constant f32[4] {0.3, -1.7, 0.45, 2.1}
      %r: f32[4, 1] = constant f32[4, 1] {0.3, -1.7, 0.45, 2.1}
      %w: f32[4, 2] = constant f32[4, 2] {0.5, -0.25, 0.125, 1, -0.75, 0.375, 2, -1}
      %x: f32[n, 4] = input
      %q = inferc.Quantize(%x, %s, %l, %h))" +
         half_up + "\n" + body + "\n %t = inferc.Quantize(%f, %o, %ol, %oh)" + half_up + "\n %y = MatMul(%t, %w)\n return " + out + "\n }";
}

const Node* table_of(const Graph& graph) {
  for (const Node* n : graph.nodes())
    if (n->is("FixedTable", "inferc")) return n;
  return nullptr;
}
std::vector<std::int32_t> offsets(const Graph& graph) {
  const auto all = table_of(graph)->in(2)->constant->as<std::int32_t>();
  return {all.begin(), all.end()};
}

TEST(TablesByColumn, StandForAFunctionOfColumnsWithStepsOfTheirOwn) {
  for (const char* body : {"%f = Tanh(%q)", "%f = Sigmoid(%q)", "%1 = Tanh(%q)\n %f = Mul(%q, %1)", "%f = Mul(%q, %m)", "%f = Mul(%q, %c)"}) {
    const auto g = test::expect_same_results(lower_fixed_point, columns(body), {}, {test::near_steps({2000, 4}, 7)});
    ASSERT_EQ(count(*g, "FixedTable"), 1) << inferc::text(*g);
    EXPECT_EQ(count(*g, "FixedLinear"), 1) << inferc::text(*g);
    EXPECT_EQ(g->nodes().size(), 3u) << "no step in float32\n" << inferc::text(*g);
  }
}
TEST(TablesByColumn, StandThereOnceWhereTheyAreTheSame) {
  const auto g = test::expect_same_results(lower_fixed_point, columns("%f = Tanh(%q)"), {}, {test::near_steps({300, 4}, 8)});
  EXPECT_EQ(table_of(*g)->in(1)->constant->size(), 128u + 32 + 256);
  EXPECT_EQ(offsets(*g), (std::vector<std::int32_t>{64, 128 + 16, 64, 128 + 32 + 128}));
  const auto own = test::expect_same_results(lower_fixed_point, columns("%f = Mul(%q, %c)"), {}, {test::near_steps({300, 4}, 8)});
  EXPECT_EQ(table_of(*own)->in(1)->constant->size(), 128u + 32 + 128 + 256);
}
TEST(TablesByColumn, GiveColumnsWithStepsOfTheirOwn) {
  const std::string scale = "f32[4] = constant f32[4] {64, 32, 8, 16}";
  for (const char* out : {"%y", "%t", "%y, %t"}) {
    const auto g = test::expect_same_results(lower_fixed_point, columns("%f = Tanh(%q)", scale, out), {}, {test::near_steps({2000, 4}, 9)});
    EXPECT_EQ(count(*g, "FixedTable"), 1) << inferc::text(*g);
    EXPECT_EQ(count(*g, "FixedLinear"), std::string(out) == "%t" ? 0 : 1) << inferc::text(*g);
  }
}
TEST(TablesByColumn, StandForNoFunctionOfConstantsAlongTwoAxesOrOtherOnes) {
  const std::string text = columns("%f = Mul(%q, %r)");
  std::string four_rows = text;
  four_rows.replace(four_rows.find("%x: f32[n, 4]"), 13, "%x: f32[4, 4]");
  for (const char* body : {"%f = Mul(%q, %r)", "%1 = Mul(%q, %r)\n %f = Mul(%1, %c)"}) {
    std::string fixed = columns(body);
    fixed.replace(fixed.find("%x: f32[n, 4]"), 13, "%x: f32[4, 4]");
    const auto g = test::expect_same_results(lower_fixed_point, fixed, {}, {test::near_steps({4, 4}, 9)});
    EXPECT_EQ(count(*g, "FixedTable"), 0) << inferc::text(*g);
  }
}

// `columns` of them with `points` values each, by factors of their own.
std::string wide(std::int64_t columns, int points) {
  return fmt::format(R"(graph "g" {{
      symbol n: 0..40
      %s: f32[] = constant f32[] {{16}}
      %l: f32[] = constant f32[] {{0}}
      %h: f32[] = constant f32[] {{{1}}}
      %c: f32[{0}] = constant #0
      %o: f32[] = constant f32[] {{64}}
      %ol: f32[] = constant f32[] {{-90}}
      %oh: f32[] = constant f32[] {{100}}
      %x: f32[n, {0}] = input
      %q = inferc.Quantize(%x, %s, %l, %h){2}
      %f = Mul(%q, %c)
      %y = inferc.Quantize(%f, %o, %ol, %oh){2}
      return %y
    }})",
                     columns, points - 1, half_up);
}
TEST(TablesByColumn, AreNoTablesWhereTheseAreLong) {
  for (const auto& [columns, points, tables] : {std::tuple{64, 4096, 1}, std::tuple{65, 4096, 0}, std::tuple{64, 4097, 0}, std::tuple{1024, 256, 1}}) {
    Tensor factors(DType::float32, {columns});
    for (std::size_t c = 0; c < factors.size(); ++c) factors.as<float>()[c] = 0.0001f * static_cast<float>(c + 1);
    const auto g = test::expect_same_results(lower_fixed_point, wide(columns, points), {factors}, {test::near_steps({3, columns}, 5)}, tables > 0);
    EXPECT_EQ(count(*g, "FixedTable"), tables) << columns << " x " << points;
  }
}

// Images [n, 3, 4, 5] with constants for each channel, in front of the function and behind it.
std::string image(const std::string& body) {
  return R"(graph "g" {
      symbol n: 0..40
      %s: f32[3, 1, 1] = constant f32[3, 1, 1] {16, 4, 8}
      %l: f32[] = constant f32[] {-64}
      %h: f32[] = constant f32[] {63}
      %u: f32[] = constant f32[] {32}
      %v: f32[3, 1, 1] = constant f32[3, 1, 1] {32, 64, 16}
      %c: f32[3, 1, 1] = constant f32[3, 1, 1] {0.3, -1.7, 0.45}
      %a: f32[3] = constant f32[3] {0.0371, 0.25, 0.0625}
      %z: i8[3] = constant i8[3] {3, 0, -9}
      %b: f32[] = constant f32[] {0.00392}
      %0: u8[] = constant u8[] {1}
      %x: f32[n, 3, 4, 5] = input
      )" +
         body + "\n return %y\n }";
}
TEST(TablesByColumn, StandForFunctionsOfChannels) {
  const auto quantised = [](const std::string& in, const std::string& f, const std::string& out) {
    return fmt::format("%q = inferc.Quantize(%x, {}, %l, %h){}\n {}\n %y = inferc.Quantize(%f, {}, %l, %h){}", in, half_up, f, out, to_even);
  };
  for (const auto& [body, tables] : {std::pair{quantised("%u", "%f = Mul(%q, %c)", "%u"), 3}, std::pair{quantised("%s", "%f = Mul(%q, %c)", "%v"), 3},
                                     std::pair{quantised("%s", "%f = Tanh(%q)", "%u"), 1}, std::pair{quantised("%u", "%f = Tanh(%q)", "%v"), 3}}) {
    const auto g = test::expect_same_results(lower_fixed_point, image(body), {}, {test::near_steps({7, 3, 4, 5}, 5)});
    ASSERT_EQ(count(*g, "FixedTable"), 1) << inferc::text(*g);
    EXPECT_EQ(static_cast<int>(offsets(*g).size()), tables) << inferc::text(*g);
  }
}
TEST(TablesByColumn, StandForFunctionsOfIntegersOfTheFileWithAStepForEachChannel) {
  const std::string text = image(R"(%q = QuantizeLinear(%x, %a, %z) {"axis" = 1}
      %1 = DequantizeLinear(%q, %a, %z) {"axis" = 1}
      %2 = Sigmoid(%1)
      %y = QuantizeLinear(%2, %b, %0))");
  const auto g = test::expect_same_results(lower_fixed_point, text, {}, {test::near_steps({7, 3, 4, 5}, 5)});
  ASSERT_EQ(count(*g, "FixedTable"), 1) << inferc::text(*g);
  EXPECT_EQ(offsets(*g).size(), 3u);
  EXPECT_EQ(g->nodes().size(), 2u) << inferc::text(*g);
}

// 0.5 times odd numbers lies on half steps of the result: of the first column alone.
TEST(TablesByColumn, TellWhatIsNearABoundaryOfWhichColumn) {
  const auto g = test::typed_graph(R"(graph "g" {
      %s: f32[] = constant f32[] {1}
      %l: f32[] = constant f32[] {-3}
      %h: f32[] = constant f32[] {3}
      %c: f32[2] = constant f32[2] {0.4, 0.5}
      %x: f32[4, 2] = input
      %q = inferc.Quantize(%x, %s, %l, %h) {"overflow" = "SAT", "rounding" = "RND"}
      %1 = Exp(%q)
      %2 = Log(%1)
      %3 = Mul(%2, %c)
      %y = inferc.Quantize(%3, %s, %l, %h) {"overflow" = "SAT", "rounding" = "RND"}
      return %y
    })");
  ASSERT_TRUE(lower_fixed_point(*g));
  EXPECT_EQ(table_of(*g)->attr("near", std::vector<std::int64_t>{}), (std::vector<std::int64_t>{-3, -1, 1, 3}));
  EXPECT_EQ(table_of(*g)->attr("near_columns", std::vector<std::int64_t>{}), (std::vector<std::int64_t>{1, 1, 1, 1}));
}

}  // namespace
}  // namespace inferc
