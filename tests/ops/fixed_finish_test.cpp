#include <algorithm>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/ops/fixed.hpp"

// What becomes of the steps behind a sum in the template arguments of a kernel.
namespace inferc::test {
namespace {

using fixed::Step;

struct Bound {
  Step kind;
  std::int64_t value;
};

fixed::Finish finish(DType t, const std::vector<Bound>& bounds) {
  Graph g;
  Node* n = g.add_node("FixedLinear", {}, 1, {{"dtype", static_cast<std::int64_t>(t)}});
  std::vector<std::int64_t> steps{static_cast<std::int64_t>(Step::add), 0, 0, 3, 0, 0};
  for (const Bound& b : bounds) steps.insert(steps.end(), {static_cast<std::int64_t>(b.kind), 0, 0, b.value, 0, 0});
  const auto count = static_cast<std::int64_t>(steps.size() / fixed::step_numbers);
  return fixed::finish(*n, tensor_of<std::int64_t>({count, static_cast<std::int64_t>(fixed::step_numbers)}, steps));
}

constexpr const char* no_bounds = "cpu::quantized::Steps<cpu::quantized::Add<cpu::quantized::Is<3>>>";

TEST(Finish, JoinsTheBoundsOfABytesLastSteps) {
  const fixed::Finish f = finish(DType::uint8, {{Step::at_least, -64}, {Step::at_most, 63}, {Step::at_least, 0}});
  EXPECT_EQ(f.steps, no_bounds);
  EXPECT_EQ(f.result, "cpu::quantized::Within<std::uint8_t, 0, 63>");
  EXPECT_EQ(finish(DType::int8, {{Step::at_least, -64}}).result, "cpu::quantized::Within<std::int8_t, -64, 127>");
  EXPECT_EQ(finish(DType::int8, {}).result, "cpu::quantized::To<std::int8_t>");
}

TEST(Finish, LeavesBoundsOfWiderResultsAsSteps) {
  const fixed::Finish f = finish(DType::int16, {{Step::at_most, 63}});
  EXPECT_EQ(f.result, "cpu::quantized::To<std::int16_t>");
  EXPECT_NE(f.steps.find("AtMost<cpu::quantized::Is<63>>"), std::string::npos) << f.steps;
}

// Any bounds in any order, also those that exclude each other, give what one after the other gives.
TEST(Finish, BoundsOfTheJoinAreThoseOfTheSteps) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    std::vector<Bound> bounds(1 + random() % 5);
    for (Bound& b : bounds) b = {random() % 2 == 0 ? Step::at_least : Step::at_most, static_cast<std::int64_t>(random() % 256) - 128};
    const auto stepped = [&](std::int64_t v) {
      for (const Bound& b : bounds) v = b.kind == Step::at_least ? std::max(v, b.value) : std::min(v, b.value);
      return std::clamp<std::int64_t>(v, -128, 127);  // the pass proves that a byte holds it
    };
    EXPECT_EQ(finish(DType::int8, bounds).result, fmt::format("cpu::quantized::Within<std::int8_t, {}, {}>", stepped(-1000), stepped(1000)));
  }
}

}  // namespace
}  // namespace inferc::test
