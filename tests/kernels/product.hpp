#pragma once
#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

namespace inferc {

// Numbers of both signs and very different sizes: another order of summation gives other bits.
inline std::vector<float> cancelling(std::size_t n, unsigned seed) {
  std::mt19937 random(seed * 7919 + static_cast<unsigned>(n));
  std::uniform_real_distribution<float> draw(-1, 1);
  std::vector<float> out(n);
  for (float& x : out) x = draw(random) * (random() % 16 == 0 ? 1e6f : 1.0f);
  return out;
}

// The contract, term by term: blocks of `terms`, each from zero by fma, added left to right.
template <class A, class B>
float product_in_blocks(std::size_t k, std::size_t terms, A a, B b) {
  float total = 0;
  for (std::size_t at = 0; at < k || at == 0; at += terms) {
    float block = 0;
    for (std::size_t p = at; p < k && p < at + terms; ++p) block = std::fma(a(p), b(p), block);
    total = at == 0 ? block : total + block;
  }
  return total;
}

}  // namespace inferc
