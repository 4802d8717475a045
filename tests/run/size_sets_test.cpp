#include "compiler/run/size_sets.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace inferc {
namespace {

Signature with(std::vector<std::pair<std::string, Bounds>> symbols) {
  Signature s;
  for (const auto& [name, bounds] : symbols) s.symbols.declare(name, bounds);
  return s;
}

bool holds(const SizeSets& sets, const SymbolValues& v) { return std::find(sets.tried.begin(), sets.tried.end(), v) != sets.tried.end(); }
bool anything(const SymbolValues&) { return true; }

TEST(SizeSets, TryNoneOneTheMiddleAndTheBounds) {
  const SizeSets s = size_sets(with({{"n", {0, 40}}}), anything);
  for (const std::int64_t n : {0, 1, 7, 20, 40}) EXPECT_TRUE(holds(s, {{"n", n}})) << n;
  EXPECT_TRUE(s.left_out.empty());
  EXPECT_EQ(size_sets(with({}), anything).tried.size(), 1u);
}

TEST(SizeSets, StayWithinBoundsAndEqualities) {
  Signature s = with({{"n", {16, 50}}, {"m", {0, unbounded}}});
  s.symbols.require_equal(Dim::symbol("n"), Dim::symbol("m") + Dim(16), "test");
  for (const SymbolValues& v : size_sets(s, anything).tried) {
    EXPECT_GE(v.at("n"), 16);
    EXPECT_LE(v.at("n"), 50);
    EXPECT_EQ(v.at("n"), v.at("m") + 16);
  }
}

TEST(SizeSets, NameTheUpperBoundsThatCostTooMuch) {
  const SizeSets s = size_sets(with({{"n", {1, 100000}}, {"m", {1, 4}}}), [](const SymbolValues& v) { return v.at("n") * v.at("m") <= 1000; });
  EXPECT_EQ(s.left_out, (SymbolValues{{"n", 100000}}));
  EXPECT_FALSE(s.tried.empty());
  for (const SymbolValues& v : s.tried) EXPECT_LE(v.at("n") * v.at("m"), 1000);
}

}  // namespace
}  // namespace inferc
