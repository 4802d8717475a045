#pragma once
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

namespace inferc {

// FNV-1a over the bits of results: one number that must be equal on every code path and compiler. NaNs count as one.
class Digest {
 public:
  void add(float x) { mix(std::isnan(x) ? 0x7fc00000u : std::bit_cast<std::uint32_t>(x)); }
  void add(const std::vector<float>& x) {
    for (const float v : x) add(v);
  }
  [[nodiscard]] std::uint32_t value() const { return static_cast<std::uint32_t>(hash_ ^ hash_ >> 32); }

 private:
  void mix(std::uint64_t v) { hash_ = (hash_ ^ v) * 0x100000001b3u; }
  std::uint64_t hash_ = 0xcbf29ce484222325u;
};

}  // namespace inferc
