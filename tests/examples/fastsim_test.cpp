#include <gtest/gtest.h>

#include <numeric>

#include "examples/fastsim/philox.hpp"
#include "examples/fastsim/samplers.hpp"

// The generator and the loops of examples/fastsim, on problems whose answers are known.
namespace fastsim {
namespace {

// The published answers: kat_vectors of Random123, "philox4x32 10".
TEST(Philox, GivesThePublishedNumbers) {
  EXPECT_EQ(philox4x32({}, {}), (Counter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr std::uint32_t ones = 0xffffffff;
  EXPECT_EQ(philox4x32({ones, ones, ones, ones}, {ones, ones}), (Counter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}), (Counter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, StreamsOfEventsShowersAndStepsDiffer) {
  std::vector<std::uint32_t> first;
  for (std::uint32_t event : {0U, 1U})
    for (std::uint32_t shower : {0U, 1U})
      for (std::uint32_t step : {0U, 1U})
        for (std::uint64_t seed : {std::uint64_t{1}, std::uint64_t{1} << 32}) first.push_back(Philox(seed, event, shower, step)());
  std::sort(first.begin(), first.end());
  EXPECT_EQ(std::unique(first.begin(), first.end()) - first.begin(), 16);
}

template <class Generator>
void expect_normal(Generator generator) {
  std::vector<float> v(200'001);
  normal(generator, v);
  const auto n = static_cast<double>(v.size());
  double moments[5] = {};
  for (const float x : v)
    for (int k = 1; k <= 4; ++k) moments[k] += std::pow(static_cast<double>(x), k) / n;
  // Five standard deviations of each: 1, 2, 15, 96 over n.
  EXPECT_NEAR(moments[1], 0, 5 * std::sqrt(1 / n));
  EXPECT_NEAR(moments[2], 1, 5 * std::sqrt(2 / n));
  EXPECT_NEAR(moments[3], 0, 5 * std::sqrt(15 / n));
  EXPECT_NEAR(moments[4], 3, 5 * std::sqrt(96 / n));
}

TEST(Normal, IsOfAnyGenerator) {
  expect_normal(Philox(7, 1, 2, 3));
  expect_normal(std::mt19937_64(7));
  expect_normal(std::minstd_rand(7));
}

constexpr float target[] = {0.5f, -1.0f, 2.0f};

// Showers that are all `target`: the noise in x is known exactly.
struct Known {
  explicit Known(std::size_t steps) : schedule(steps) {
    for (std::size_t s = 0; s < 2; ++s) {
      Philox random(3, 0, static_cast<std::uint32_t>(s), 0);
      normal(random, showers()[s]);
    }
  }
  [[nodiscard]] Showers showers() { return {x.data(), 2, 3, 5}; }
  [[nodiscard]] Showers predictions() { return {noise.data(), 2, 3, 3}; }
  bool predict(float time) {
    const double signal = schedule.signal(static_cast<std::size_t>(std::lround(static_cast<double>(time) * static_cast<double>(schedule.steps()))));
    for (std::size_t s = 0; s < 2; ++s)
      for (std::size_t i = 0; i < 3; ++i) predictions()[s][i] = static_cast<float>((showers()[s][i] - std::sqrt(signal) * target[i]) / std::sqrt(1 - signal));
    return true;
  }
  void expect_target() {
    for (std::size_t s = 0; s < 2; ++s)
      for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(showers()[s][i], target[i], 1e-4);
    for (const std::size_t gap : {3U, 4U, 8U, 9U}) EXPECT_EQ(x[gap], -7);
  }
  CosineSchedule schedule;
  std::vector<float> x = std::vector<float>(10, -7), noise = std::vector<float>(6);
};

TEST(Ddpm, FindsTheOneShowerThatThereIs) {
  Known known(50);
  std::vector<float> z(3);
  const auto draw = [](std::size_t t, std::size_t s, std::span<float> out) {
    Philox random(3, 0, static_cast<std::uint32_t>(s), static_cast<std::uint32_t>(t));
    normal(random, out);
  };
  EXPECT_TRUE(ddpm(known.schedule, known.showers(), known.predictions(), z, [&](float t) { return known.predict(t); }, draw));
  known.expect_target();
}

TEST(Ddim, FindsItInFewerCalls) {
  Known known(50);
  std::size_t calls = 0;
  EXPECT_TRUE(ddim(known.schedule, 10, known.showers(), known.predictions(), [&](float t) { return ++calls, known.predict(t); }));
  EXPECT_EQ(calls, 10U);
  known.expect_target();
}

TEST(Samplers, StopWhereTheNetworkDoes) {
  Known known(50);
  std::vector<float> z(3);
  EXPECT_FALSE(ddim(known.schedule, 10, known.showers(), known.predictions(), [](float) { return false; }));
  EXPECT_FALSE(ddpm(known.schedule, known.showers(), known.predictions(), z, [](float) { return false; }, [](std::size_t, std::size_t, std::span<float>) {}));
}

// dx/dt = -x + t from x = 1: x(1) = 2/e. The method's error falls by four where the step halves.
TEST(Heun, IsOfSecondOrder) {
  const auto error = [](std::size_t steps) {
    std::vector<float> x{1}, slopes{0}, first{0}, start{0};
    std::vector<double> times;
    for (std::size_t k = 0; k <= steps; ++k) times.push_back(static_cast<double>(k) / static_cast<double>(steps));
    const auto rows = [](std::vector<float>& v) { return Showers{v.data(), 1, 1, 1}; };
    EXPECT_TRUE(heun(times, 2, rows(x), rows(slopes), rows(first), rows(start), [&](double t) { return slopes[0] = -x[0] + static_cast<float>(t), true; }));
    return std::fabs(static_cast<double>(x[0]) - 2 / std::exp(1.0));
  };
  EXPECT_NEAR(error(8) / error(16), 4, 0.5);
}

TEST(KarrasLevels, FallFromTheLargestToNone) {
  const auto levels = karras_levels(13, 0.002, 80);
  ASSERT_EQ(levels.size(), 14U);
  EXPECT_NEAR(levels.front(), 80, 1e-9);
  EXPECT_NEAR(levels[12], 0.002, 1e-9);
  EXPECT_EQ(levels.back(), 0);
  EXPECT_TRUE(std::is_sorted(levels.rbegin(), levels.rend()));
}

}  // namespace
}  // namespace fastsim
