#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include <fmt/format.h>

#include "compiler/ops/evaluate_graph.hpp"
#include "compiler/passes/passes.hpp"
#include "compiler/plan/program.hpp"
#include "tests/support/graphs.hpp"

namespace inferc {
namespace {

constexpr int width = 16;

// Weights or biases of `count` elements, all different for each `seed`.
std::string numbers(int count, int seed) {
  std::mt19937 random(static_cast<unsigned>(seed));
  std::string out = "{";
  for (int i = 0; i < count; ++i) out += fmt::format("{}{}", i ? ", " : "", static_cast<int>(random() % 17) - 8);
  return out + "}";
}
std::string weights(const std::string& name, int rows, int columns, int seed) {
  return fmt::format("%{0}: f32[{1}, {2}] = constant f32[{1}, {2}] {3}\n", name, rows, columns, numbers(rows * columns, seed));
}

const std::string inputs = R"(graph "g" {
      symbol n: 0..1000
      %x: f32[n, 16] = input
      %v: f32[n, 1] = input
      )";

// "%m0", "%m1" ...: where v is the constant of the same number, as columns of one comparison.
std::string masks(const std::string& constants, int count) {
  std::string out = fmt::format("%types: f32[{}] = constant f32[{}] {}\n", count, count, constants);
  out += "%is = Equal(%v, %types)\n%hot = Cast(%is) {\"to\" = 1}\n%axis: i64[1] = constant i64[1] {1}\n";
  for (int t = 0; t <= count; ++t) out += fmt::format("%at{0}: i64[1] = constant i64[1] {{{0}}}\n", t);
  for (int t = 0; t < count; ++t) out += fmt::format("%m{0} = Slice(%hot, %at{0}, %at{1}, %axis)\n", t, t + 1);
  return out;
}

// "%f0" ...: layers of x.
std::string heads(int count) {
  std::string out;
  for (int t = 0; t < count; ++t)
    out += weights(fmt::format("w{}", t), width, width, t) + fmt::format("%b{0}: f32[16] = constant f32[16] {1}\n", t, numbers(width, 10 + t)) +
           fmt::format("%y{0} = MatMul(%x, %w{0})\n%z{0} = Add(%y{0}, %b{0})\n%f{0} = Relu(%z{0})\n", t);
  return out;
}

std::string products(int count, const char* form = "%p{0} = Mul(%f{0}, %m{0})\n") {
  std::string out;
  for (int t = 0; t < count; ++t) out += fmt::format(fmt::runtime(form), t);
  return out;
}

const std::string sum_of_three = "%s = Add(%p0, %p1)\n%y = Add(%s, %p2)\nreturn %y\n}";

std::string three_heads(const std::string& constants = "{1, 2, 3}") { return inputs + masks(constants, 3) + heads(3) + products(3) + sum_of_three; }

// Rows of x and the value that tells the type: 0 to 4 in turn, or `type` in all rows.
std::vector<Tensor> rows(std::int64_t count, int type = -1, std::int64_t columns = width) {
  std::mt19937 random(7);
  Tensor x(DType::float32, {count, columns}), v(DType::float32, {count, 1});
  for (float& e : x.as<float>()) e = std::normal_distribution<float>()(random);
  for (std::size_t i = 0; i < v.size(); ++i) v.as<float>()[i] = static_cast<float>(type < 0 ? static_cast<int>(i * 7 % 5) : type);
  return {x, v};
}

// All bits but the sign of a zero.
void expect_equal(const Tensor& a, const Tensor& b) {
  ASSERT_EQ(a.shape(), b.shape());
  for (std::size_t i = 0; i < a.size(); ++i) ASSERT_EQ(a.as<float>()[i], b.as<float>()[i]) << i;
}

std::unique_ptr<Graph> grouped(const std::string& text, int groups = 1) {
  auto g = test::typed_graph(text);
  EXPECT_TRUE(group_rows_by_type(*g)) << text;
  verify(*g);
  EXPECT_EQ(test::count(*g, "GroupRows"), groups) << inferc::text(*g);
  return g;
}

void expect_grouped(const std::string& text, int groups = 1) {
  const auto before = test::typed_graph(text), after = grouped(text, groups);
  for (const auto& in : {rows(0), rows(1), rows(1, 3), rows(40), rows(40, 2), rows(40, 9)})
    expect_equal(evaluate_graph(*before, in)[0], evaluate_graph(*after, in)[0]);
}

int products_of(const Graph& g) {
  int out = 0;
  for (const Node* n : g.nodes()) out += n->is("MatMul");
  return out;
}

TEST(GroupRowsByType, RunsEachHeadOnItsRows) {
  const std::string head0 = "%w0: f32[16, 32] = constant f32[16, 32] " + numbers(512, 0) + "\n";
  const std::string head1 = "%w1: f32[16, 32] = constant f32[16, 32] " + numbers(512, 1) + "\n";
  const std::string both = R"(graph "g" {
      %x: f32[1000, 16] = input
      %a: bool[1000, 1] = input
      )";
  const std::string counts = "measured rows_0_d0: 1000\nmeasured rows_1_d0: -rows_0_d0 + 1000\n";
  std::string after = both + head0 + head1 + R"(
      %zero: f32[] = constant f32[] {0}
      %shape: i64[2] = constant i64[2] {1000, 32}
      %rows: bool[1000] = inferc.View(%a)
      %again: bool[1000] = inferc.View(%a)
      %others = Not(%again)
      %i0, %i1 = inferc.GroupRows(%rows, %others) measures ["rows_0_d0", "rows_1_d0"]
      %zeros = Expand(%zero, %shape)
      %x0 = Gather(%x, %i0) {"axis" = 0}
      %f0 = MatMul(%x0, %w0)
      %c0: i64[rows_0_d0, 1] = inferc.View(%i0)
      %s0 = ScatterND(%zeros, %c0, %f0)
      %x1 = Gather(%x, %i1) {"axis" = 0}
      %f1 = MatMul(%x1, %w1)
      %c1: i64[rows_1_d0, 1] = inferc.View(%i1)
      %y = ScatterND(%s0, %c1, %f1)
      return %y
    })";
  after.insert(after.find('{') + 1, counts);
  test::expect_rewrite(group_rows_by_type, both + head0 + head1 + R"(
      %y0 = MatMul(%x, %w0)
      %y1 = MatMul(%x, %w1)
      %y = Where(%a, %y0, %y1)
      return %y
    })",
                       after);
}

TEST(GroupRowsByType, TakesProductsWithColumnsOfAComparison) { expect_grouped(three_heads()); }

TEST(GroupRowsByType, TakesAdditionsInAnyOrderAndCommutedProducts) {
  const std::string flipped = inputs + masks("{1, 2, 3}", 3) + heads(3) + products(3, "%p{0} = Mul(%m{0}, %f{0})\n");
  expect_grouped(flipped + "%s = Add(%p2, %p0)\n%y = Add(%p1, %s)\nreturn %y\n}");
  expect_grouped(flipped + "%y = Sum(%p2, %p0, %p1)\nreturn %y\n}");
}

TEST(GroupRowsByType, KeepsASummandThatCountsInAllRows) {
  const std::string start = inputs + masks("{1, 2, 3}", 3) + heads(3) + products(3);
  expect_grouped(start + "%r = Add(%x, %p0)\n%s = Add(%p1, %r)\n%y = Add(%s, %p2)\nreturn %y\n}");
  // Two of them: only the sum of products inside is one.
  expect_grouped(start + "%s = Add(%p0, %p1)\n%t = Add(%s, %p2)\n%r = Add(%x, %t)\n%y = Add(%r, %x)\nreturn %y\n}");
}

TEST(GroupRowsByType, TakesChoices) {
  const std::string start = inputs + R"(%zero: f32[] = constant f32[] {0}
      %one: f32[] = constant f32[] {1}
      %two: f32[] = constant f32[] {2}
      %three: f32[] = constant f32[] {3}
      %m0 = Equal(%v, %one)
      %m1 = Equal(%two, %v)
      %m2 = Equal(%v, %three)
      %not2 = Not(%m2)
      )" + heads(3);
  expect_grouped(start + products(3, "%p{0} = Where(%m{0}, %f{0}, %zero)\n") + sum_of_three);
  expect_grouped(start + "%a = Where(%m2, %f2, %zero)\n%b = Where(%m1, %f1, %a)\n%y = Where(%m0, %f0, %b)\nreturn %y\n}");
  expect_grouped(start +
                 "%a = Where(%m0, %f0, %zero)\n%b = Where(%m1, %f1, %zero)\n%c = Where(%not2, %zero, %f2)\n%d = Add(%a, %b)\n%y = Add(%d, %c)\nreturn %y\n}");
  expect_grouped(start + "%y = Where(%m0, %f0, %f1)\nreturn %y\n}");
}

TEST(GroupRowsByType, TakesFurtherConditions) {
  expect_grouped(inputs + R"(%zero: f32[] = constant f32[] {0}
      %types: f32[3] = constant f32[3] {1, 2, 3}
      %positive = Greater(%v, %zero)
      %is = Equal(%v, %types)
      %both = And(%positive, %is)
      %parts = Cast(%both) {"to" = 1}
      %m0, %m1, %m2 = Split(%parts) {"axis" = 1, "num_outputs" = 3}
      )" + heads(3) +
                 products(3) + sum_of_three);
}

TEST(GroupRowsByType, TakesColumnsOfOneHot) {
  const std::string text = inputs + R"(%depth: i64[] = constant i64[] {3}
      %values: f32[2] = constant f32[2] {0, 1}
      %at0: i64[] = constant i64[] {0}
      %at1: i64[] = constant i64[] {1}
      %at2: i64[] = constant i64[] {2}
      %flat: f32[n] = inferc.View(%v)
      %index = Cast(%flat) {"to" = 7}
      %hot = OneHot(%index, %depth, %values) {"axis" = -1}
      %c0 = Gather(%hot, %at0) {"axis" = 1}
      %c1 = Gather(%hot, %at1) {"axis" = 1}
      %c2 = Gather(%hot, %at2) {"axis" = -1}
      %m0: f32[n, 1] = inferc.View(%c0)
      %m1: f32[n, 1] = inferc.View(%c1)
      %m2: f32[n, 1] = inferc.View(%c2)
      )";
  expect_grouped(text + heads(3) + products(3) + sum_of_three);
}

// As the encoder of MLPF: columns of one product, of which a one-hot selects a part.
std::string selected_parts(int types, int columns, const std::string& between = "") {
  std::string text = inputs;
  text += weights("w", width, 64, 1) + weights("u", 64, types * columns, 2);
  text += fmt::format("%b: f32[{0}] = constant f32[{0}] {1}\n%axes: i64[1] = constant i64[1] {{1}}\n", types * columns, numbers(types * columns, 3));
  text += fmt::format("%types: f32[{0}] = constant f32[{0}] {1}\n%is = Equal(%v, %types)\n%hot = Cast(%is) {{\"to\" = 1}}\n", types,
                      types == 3 ? "{1, 2, 3}" : "{1, 2, 3, 4}");
  text += fmt::format("%m: f32[n, {0}, 1] = inferc.View(%hot)\n%h = MatMul(%x, %w)\n%y = MatMul(%h, %u)\n%z = Add(%y, %b)\n", types);
  return text + between + fmt::format("%each: f32[n, {}, {}] = inferc.View({})\n", types, columns, between.empty() ? "%z" : "%t") +
         "%p = Mul(%each, %m)\n%out = ReduceSum(%p, %axes) {\"keepdims\" = 0}\nreturn %out\n}";
}

TEST(GroupRowsByType, TakesPartsOfAProductThatAOneHotSelects) {
  const std::string text = selected_parts(3, 64);
  expect_grouped(text);
  const auto g = grouped(text);
  EXPECT_EQ(products_of(*g), 4);
  expect_grouped(selected_parts(4, 15));
  expect_grouped(selected_parts(3, 64, "%t = Elu(%z) {\"alpha\" = 1.0}\n"));
}

// As MLPF's own code writes its encoder: heads on an axis of their own, times comparisons one behind the other.
std::string stacked_heads(int axis) {
  std::string text = inputs + heads(3) + fmt::format("%axes: i64[1] = constant i64[1] {{{}}}\n", axis);
  for (int t = 0; t < 3; ++t) {
    text += fmt::format("%c{0}: f32[] = constant f32[] {{{1}}}\n%is{0} = Equal(%v, %c{0})\n", t, t + 1);
    text += fmt::format("%g{0}: f32[n, {1}] = inferc.View(%f{0})\n", t, axis == 1 ? "1, 16" : "16, 1");
  }
  text += "%is = Concat(%is0, %is1, %is2) {\"axis\" = 1}\n%hot = Cast(%is) {\"to\" = 1}\n";
  text += fmt::format("%m: f32[n, {}] = inferc.View(%hot)\n", axis == 1 ? "3, 1" : "1, 3");
  text += fmt::format("%each = Concat(%g0, %g1, %g2) {{\"axis\" = {}}}\n", axis == 1 ? -2 : 2);
  return text + "%p = Mul(%each, %m)\n%y = ReduceSum(%p, %axes) {\"keepdims\" = 0}\nreturn %y\n}";
}

TEST(GroupRowsByType, TakesHeadsOnAnAxisOfTheirOwn) {
  for (const int axis : {1, 2}) expect_grouped(stacked_heads(axis));
  std::string others = stacked_heads(2);
  others.replace(others.find("%is1 = Equal(%v, %c1)"), 21, "%is1 = Equal(%v, %c0)");
  test::expect_unchanged(group_rows_by_type, others);
  std::string read = stacked_heads(2);
  read.replace(read.find("return %y"), 9, "return %y, %each");
  test::expect_unchanged(group_rows_by_type, read);
}

// 64 columns and more are summed in longer blocks than fewer.
TEST(GroupRowsByType, LeavesPartsThatWouldBeSummedInAnotherOrder) { test::expect_unchanged(group_rows_by_type, selected_parts(3, 32)); }

TEST(GroupRowsByType, GroupsRowsOnceForSeveralSums) {
  const std::string text = inputs + masks("{1, 2, 3}", 3) + heads(3) + products(3) + R"(
      %q0 = Exp(%g0)
      %s = Add(%p0, %p1)
      %y = Add(%s, %p2)
      %a = Add(%o0, %o1)
      %b = Add(%a, %o2)
      return %y, %b
    })";
  std::string second;
  for (int t = 0; t < 3; ++t)
    second += weights(fmt::format("u{}", t), width, width, 20 + t) + fmt::format("%g{0} = MatMul(%x, %u{0})\n%o{0} = Mul(%g{0}, %m{0})\n", t);
  std::string whole = text;
  whole.replace(whole.find("%q0 = Exp(%g0)\n"), 15, second);
  const auto before = test::typed_graph(whole), after = grouped(whole, 1);
  const auto a = evaluate_graph(*before, rows(33)), b = evaluate_graph(*after, rows(33));
  expect_equal(a[0], b[0]);
  expect_equal(a[1], b[1]);
}

TEST(GroupRowsByType, TakesNormalisationsAndRowsOfSeveralAxes) {
  std::string text = R"(graph "g" {
      symbol b: 1..4
      symbol n: 0..1000
      %x: f32[b, n, 16] = input
      %v: f32[b, n, 1] = input
      %scale: f32[16] = constant f32[16] {1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8}
      %one: f32[] = constant f32[] {1}
      %two: f32[] = constant f32[] {2}
      %e0 = Equal(%v, %one)
      %e1 = Equal(%v, %two)
      %m0 = Cast(%e0) {"to" = 1}
      %m1 = Cast(%e1) {"to" = 1}
      )";
  for (int t = 0; t < 2; ++t) {
    text += weights(fmt::format("w{}", t), 16, 16, t) + weights(fmt::format("u{}", t), 16, 4, 5 + t);
    text +=
        fmt::format("%a{0} = MatMul(%x, %w{0})\n%n{0} = LayerNormalization(%a{0}, %scale) {{\"axis\" = 2}}\n%c{0}: f32[b, n, 4, 4] = inferc.View(%n{0})\n", t);
    text += fmt::format("%s{0} = Softmax(%c{0}) {{\"axis\" = 3}}\n%d{0}: f32[b, n, 16] = inferc.View(%s{0})\n%f{0} = MatMul(%d{0}, %u{0})\n", t);
    text += fmt::format("%p{0} = Mul(%f{0}, %m{0})\n", t);
  }
  text += "%y = Add(%p0, %p1)\nreturn %y\n}";
  const auto before = test::typed_graph(text), after = grouped(text);
  auto in = rows(26);
  in[0] = in[0].reshaped({2, 13, 16});
  in[1] = in[1].reshaped({2, 13, 1});
  expect_equal(evaluate_graph(*before, in)[0], evaluate_graph(*after, in)[0]);
}

// What a head reads may be read elsewhere; what it gives in between may not.
TEST(GroupRowsByType, StartsBehindWhatOthersRead) {
  const std::string text = inputs + masks("{1, 2, 3}", 3) + heads(3) + products(3) + "%s = Add(%p0, %p1)\n%y = Add(%s, %p2)\nreturn %y, %hot\n}";
  const auto g = grouped(text);
  EXPECT_EQ(products_of(*g), 3);
  // Relu alone is left to be run by type: not worth it.
  std::string seen = three_heads();
  seen.replace(seen.find("return %y"), 9, "return %y, %z0, %z1, %z2");
  test::expect_unchanged(group_rows_by_type, seen);
  std::string given = three_heads();
  given.replace(given.find("return %y"), 9, "return %y, %f0, %f1, %f2");
  test::expect_unchanged(group_rows_by_type, given);
}

// Of three where the first and the last may both count: the sum of the first two.
TEST(GroupRowsByType, TakesThePartOfASumWhoseMasksAreExclusive) {
  expect_grouped(three_heads("{1, 2, 1}"));
  EXPECT_EQ(products_of(*grouped(three_heads("{1, 2, 1}"))), 3);
}

TEST(GroupRowsByType, LeavesMasksThatMayBothBeOne) {
  test::expect_unchanged(group_rows_by_type, three_heads("{1, 1, 2}"));
  test::expect_unchanged(group_rows_by_type, inputs + R"(%w: f32[n, 1] = input
      %one: f32[] = constant f32[] {1}
      %two: f32[] = constant f32[] {2}
      %e0 = Equal(%v, %one)
      %e1 = Equal(%w, %two)
      %m0 = Cast(%e0) {"to" = 1}
      %m1 = Cast(%e1) {"to" = 1}
      )" + heads(2) + products(2) + "%y = Add(%p0, %p1)\nreturn %y\n}");
}

// And of itself, again and again: conditions are not counted out for ever.
TEST(GroupRowsByType, LeavesMasksOfVeryManyConditions) {
  std::string text = inputs + R"(%one: f32[] = constant f32[] {1}
      %two: f32[] = constant f32[] {2}
      %c0 = Equal(%v, %one)
      %other = Equal(%v, %two)
      )";
  for (int i = 0; i < 60; ++i) text += fmt::format("%c{0} = And(%c{1}, %c{1})\n", i + 1, i);
  text += "%m0 = Cast(%c60) {\"to\" = 1}\n%m1 = Cast(%other) {\"to\" = 1}\n";
  test::expect_unchanged(group_rows_by_type, text + heads(2) + products(2) + "%y = Add(%p0, %p1)\nreturn %y\n}");
}

TEST(GroupRowsByType, TakesDoubles) {
  std::string text = three_heads();
  for (std::size_t at = text.find("f32"); at != std::string::npos; at = text.find("f32", at)) text.replace(at, 3, "f64");
  text.replace(text.find("\"to\" = 1}"), 9, "\"to\" = 11}");
  const auto before = test::typed_graph(text), after = grouped(text);
  std::vector<Tensor> in;
  for (const Tensor& t : rows(40)) {
    in.emplace_back(DType::float64, t.shape());
    for (std::size_t i = 0; i < t.size(); ++i) in.back().as<double>()[i] = t.as<float>()[i];
  }
  const Tensor a = evaluate_graph(*before, in)[0], b = evaluate_graph(*after, in)[0];
  for (std::size_t i = 0; i < a.size(); ++i) ASSERT_EQ(a.as<double>()[i], b.as<double>()[i]) << i;
}

TEST(GroupRowsByType, LeavesFactorsThatAreNoMasks) {
  test::expect_unchanged(group_rows_by_type, inputs + R"(%one: f32[] = constant f32[] {1}
      %m0 = Mul(%v, %v)
      %m1 = Sub(%one, %m0)
      )" + heads(2) + products(2) + "%y = Add(%p0, %p1)\nreturn %y\n}");
}

TEST(GroupRowsByType, LeavesFunctionsThatMixRows) {
  std::string mixing = inputs + masks("{1, 2, 3}", 3) + heads(3) + products(3, "%h{0} = Softmax(%f{0}) {{\"axis\" = 0}}\n%p{0} = Mul(%h{0}, %m{0})\n");
  test::expect_unchanged(group_rows_by_type, mixing + sum_of_three);
}

TEST(GroupRowsByType, LeavesWhatIsTooLittleWork) {
  test::expect_unchanged(group_rows_by_type, inputs + masks("{1, 2, 3}", 3) + "%f0 = Relu(%x)\n%f1 = Exp(%x)\n%f2 = Neg(%x)\n" + products(3) + sum_of_three);
  std::string few = three_heads();
  few.replace(few.find("0..1000"), 7, "0..8");
  test::expect_unchanged(group_rows_by_type, few);
  test::expect_unchanged(group_rows_by_type, inputs + masks("{1, 2, 3}", 3) + heads(1) + "%y = Mul(%f0, %m0)\nreturn %y\n}");
}

// What 0 times an infinity makes of the row is the one thing that goes.
TEST(GroupRowsByType, GivesZeroForWhatIsInfiniteElsewhere) {
  const std::string text = inputs + masks("{1, 2, 3}", 3) + heads(3) + products(3, "%h{0} = Reciprocal(%f{0})\n%p{0} = Mul(%h{0}, %m{0})\n") + sum_of_three;
  const auto before = test::typed_graph(text), after = grouped(text);
  const Tensor a = evaluate_graph(*before, rows(40))[0], b = evaluate_graph(*after, rows(40))[0];
  int changed = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a.as<float>()[i])) changed += !std::isnan(b.as<float>()[i]);
    else ASSERT_EQ(a.as<float>()[i], b.as<float>()[i]) << i;
  }
  EXPECT_GT(changed, 0);
  for (std::size_t i = 0; i < b.size(); ++i) EXPECT_FALSE(std::isnan(b.as<float>()[i])) << i;
}

TEST(GroupRowsByType, GivesARowTheSameBitsWhereverItStands) {
  const auto g = grouped(three_heads());
  const auto in = rows(40);
  const Tensor whole = evaluate_graph(*g, in)[0];
  for (const std::int64_t r : {0, 3, 17, 39}) {
    std::vector<Tensor> one{Tensor(DType::float32, {1, width}), Tensor(DType::float32, {1, 1})};
    for (int c = 0; c < width; ++c) one[0].as<float>()[static_cast<std::size_t>(c)] = in[0].as<float>()[static_cast<std::size_t>(r * width + c)];
    one[1].as<float>()[0] = in[1].as<float>()[static_cast<std::size_t>(r)];
    const Tensor alone = evaluate_graph(*g, one)[0];
    for (int c = 0; c < width; ++c) EXPECT_EQ(alone.as<float>()[static_cast<std::size_t>(c)], whole.as<float>()[static_cast<std::size_t>(r * width + c)]) << r;
  }
}

// The numbers of rows add up to all of them at most: three heads are no more than one.
TEST(GroupRowsByType, CountsTheOperationsOfOneHead) {
  const auto g = grouped(three_heads());
  const Program p = plan(*g);
  Dim flops(0);
  for (const Call& c : p.calls) flops = flops + c.flops;
  const int head = 2 * width * width + 2 * width, compared = 6;  // layer, bias and Relu; three comparisons and casts
  EXPECT_EQ(p.symbols->bounds(p.symbols->at_limits(flops)).upper, 1000 * (head + compared));
}

}  // namespace
}  // namespace inferc
