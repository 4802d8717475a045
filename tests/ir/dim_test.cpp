#include "compiler/ir/dim.hpp"

#include <gtest/gtest.h>

#include "compiler/ir/symbols.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

const Dim n = Dim::symbol("n"), m = Dim::symbol("m");

TEST(Dim, PolynomialsAreCanonical) {
  EXPECT_EQ((n + 1) * (n - 1), n * n - 1);
  EXPECT_EQ(n * m, m * n);
  EXPECT_TRUE((n - n).is(0));
  EXPECT_EQ((Dim(2) * n * m + 1).text(), "2*m*n + 1");
}

TEST(Dim, DivisionSplitsTheDivisiblePart) {
  EXPECT_EQ(floor_div(Dim(4) * n + 7, 4), n + 1);
  EXPECT_EQ(floor_div(n * m, m), n);
  EXPECT_EQ(floor_div(n + 1, 2).text(), "div(n + 1, 2)");
  EXPECT_EQ(floor_div(-7, 2), Dim(-4));
  EXPECT_EQ(divided(Dim(6) * n * m, Dim(3) * n), Dim(2) * m);
  EXPECT_FALSE(divided(n + 1, 2).has_value());
}

TEST(Dim, TextParsesBack) {
  for (const Dim& d : {Dim(0), Dim(-3), n, Dim(2) * n * m - n + 4, floor_div(n + m, 3), mod(n, 7), max(n, m * m), min(n, 5)})
    EXPECT_EQ(parse_dim(d.text()), d) << d.text();
  EXPECT_THROW((void)parse_dim("n +"), UserError);
  EXPECT_THROW((void)parse_dim("foo(n, 2)"), UserError);
}

TEST(Dim, EvaluatesAndSubstitutes) {
  const Dim d = max(n * m, 10) + floor_div(n + m, 3);
  EXPECT_EQ(evaluate(d, {{"n", 4}, {"m", 5}}), 23);
  EXPECT_EQ(substitute(d, [](std::string_view s) { return s == "m" ? std::optional(n) : std::nullopt; }), max(n * n, 10) + floor_div(Dim(2) * n, 3));
  EXPECT_THROW((void)evaluate(n, {}), InternalError);
  EXPECT_THROW((void)evaluate(floor_div(m, n), {{"n", 0}, {"m", 5}}), UserError);
}

TEST(Symbols, BoundsProveInequalities) {
  Symbols s;
  s.declare("n", {0, 40});
  s.declare("m", {1, 5});
  EXPECT_EQ(s.bounds(n * m), (Bounds{0, 200}));
  EXPECT_EQ(s.bounds(n - m), (Bounds{-5, 39}));
  EXPECT_EQ(s.bounds(n * n - n).lower, 0);
  EXPECT_EQ(s.bounds(Dim(2) * m - m * m).lower, -23);
  EXPECT_TRUE(s.provably_le(m, 5));
  EXPECT_FALSE(s.provably_le(n, 39));
  EXPECT_EQ(s.decide_equal(n + 1, n), false);
  EXPECT_EQ(s.decide_equal(m, 0), false);
  EXPECT_EQ(s.decide_equal(n, m), std::nullopt);
}

}  // namespace
}  // namespace inferc
