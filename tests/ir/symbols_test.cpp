#include <gtest/gtest.h>

#include "compiler/ir/symbols.hpp"

namespace inferc {
namespace {

const Dim n = Dim::symbol("n"), m = Dim::symbol("m"), a = Dim::symbol("a"), b = Dim::symbol("b");

// a rows of n, b of the others.
Symbols shared() {
  Symbols s;
  s.declare("n", {0, 100});
  s.declare("m", {0, 10});
  s.measure("a", n);
  s.measure("b", n - a);
  return s;
}

TEST(Symbols, AddUpMeasuredSizesThatShareALimit) {
  const Symbols s = shared();
  EXPECT_TRUE(s.at_limits(a) == n);
  EXPECT_TRUE(s.at_limits(b) == n);
  EXPECT_TRUE(s.at_limits(a + b) == n);
  EXPECT_TRUE(s.at_limits(a + Dim(3) * b) == Dim(3) * n);
  EXPECT_TRUE(s.at_limits(Dim(3) * a + b) == Dim(3) * n);
  EXPECT_TRUE(s.at_limits(m * a + m * b + m) == m * n + m);
  EXPECT_EQ(s.bounds(b).upper, 100);
}

TEST(Symbols, KeepsASizeThatIsNotMeasured) {
  const Symbols s = shared();
  const Dim rest = mod(m, Dim(4)) + floor_div(n, m) + max(n, m);
  EXPECT_TRUE(s.at_limits(rest) == rest);
  EXPECT_TRUE(s.at_limits(rest + b) == rest + n);
}

TEST(Symbols, BoundsExpressionsOfMeasuredSizes) {
  const Symbols s = shared();
  EXPECT_TRUE(s.at_limits(floor_div(a, Dim(4))) == floor_div(n, Dim(4)));
  EXPECT_TRUE(s.at_limits(min(b, m)) == min(n, m));
  EXPECT_TRUE(s.at_limits(mod(a, m)) == m);
  EXPECT_TRUE(s.at_limits(n - b) == n);
}

TEST(Symbols, GivesEachMeasuredSizeItsOwnLimit) {
  const SymbolValues values = shared().at_limits(SymbolValues{{"n", 7}, {"m", 2}});
  EXPECT_EQ(values.at("a"), 7);
  EXPECT_EQ(values.at("b"), 7);
}

TEST(Symbols, TakesNoLimitOverWhatIsMeasuredLater) {
  Symbols s = shared();
  s.measure("a", n - b);
  EXPECT_TRUE(s.at_limits(a) == n);
  EXPECT_TRUE(s.at_limits(a + b) == n);
}

}  // namespace
}  // namespace inferc
