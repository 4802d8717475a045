// A counter-based generator, Philox4x32-10: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as
// 1, 2, 3", SC11 (2011), doi:10.1145/2063384.2063405. Its numbers are a function of key and counter: whoever asks, in any order,
// on any thread, gets the same ones.
#pragma once
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <span>

namespace fastsim {

using Counter = std::array<std::uint32_t, 4>;
using Key = std::array<std::uint32_t, 2>;

constexpr Counter philox4x32(Counter c, Key key) noexcept {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53} * c[0], b = std::uint64_t{0xCD9E8D57} * c[2];
    c = {static_cast<std::uint32_t>(b >> 32) ^ c[1] ^ key[0], static_cast<std::uint32_t>(b), static_cast<std::uint32_t>(a >> 32) ^ c[3] ^ key[1],
         static_cast<std::uint32_t>(a)};
    key = {key[0] + 0x9E3779B9, key[1] + 0xBB67AE85};
  }
  return c;
}

// The stream of one step of one shower of one event: 2^34 numbers of 32 bits. A UniformRandomBitGenerator.
class Philox {
 public:
  using result_type = std::uint32_t;
  constexpr Philox(std::uint64_t seed, std::uint32_t event, std::uint32_t shower, std::uint32_t step) noexcept
      : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}, counter_{0, step, shower, event} {}
  static constexpr result_type min() noexcept { return 0; }
  static constexpr result_type max() noexcept { return std::numeric_limits<result_type>::max(); }
  constexpr result_type operator()() noexcept {
    if (left_ == 0) {
      block_ = philox4x32(counter_, key_);
      ++counter_[0];
      left_ = 4;
    }
    return block_[4 - left_--];
  }

 private:
  Key key_;
  Counter counter_, block_{};
  unsigned left_ = 0;
};

// Normal numbers by Box and Muller's transform, two for 64 random bits; a generator of any range will do.
template <std::uniform_random_bit_generator Generator>
void normal(Generator& generator, std::span<float> out) {
  std::uniform_int_distribution<std::uint32_t> bits;
  constexpr double scale = 0x1p-32, turn = 6.283185307179586;
  for (std::size_t i = 0; i < out.size(); i += 2) {
    const double u = (bits(generator) + 1.0) * scale, v = bits(generator) * scale;  // u in (0, 1]
    const double radius = std::sqrt(-2 * std::log(u));
    out[i] = static_cast<float>(radius * std::cos(turn * v));
    if (i + 1 < out.size()) out[i + 1] = static_cast<float>(radius * std::sin(turn * v));
  }
}

}  // namespace fastsim
