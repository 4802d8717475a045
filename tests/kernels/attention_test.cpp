#include "kernels/cpu/attention.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/ref/matmul.hpp"
#include "kernels/ref/softmax.hpp"
#include "tests/kernels/product.hpp"

namespace inferc {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

// [batch 2, heads 3]; q, k, v as one projection [batch, length, 3, heads, size], the mask [batch, 1, queries, keys].
struct Case {
  std::size_t queries, keys, size, v_size;
  std::vector<float> q, k, v, mask;
  static constexpr std::size_t batch = 2, heads = 3;

  Case(std::size_t m, std::size_t n, std::size_t d, std::size_t dv)
      : queries(m),
        keys(n),
        size(d),
        v_size(dv),
        q(draw(batch * m * heads * d, 1)),
        k(draw(batch * n * heads * d, 2)),
        v(cancelling(batch * n * heads * dv, 3)),
        mask(batch * m * n) {
    for (std::size_t i = 0; i < mask.size(); ++i) mask[i] = i % 7 == 3 ? -infinity : static_cast<float>(i % 5) * 0.25f;
    for (std::size_t j = 0; m > 2 && j < n; ++j) mask[2 * n + j] = -infinity;  // a query that sees nothing
  }
  static std::vector<float> draw(std::size_t n, unsigned seed) {
    std::vector<float> x = cancelling(n, seed);
    for (float& f : x) f = std::fmod(f, 1.5f);
    return x;
  }
  // The parts one after the other, by the reference kernels.
  [[nodiscard]] std::vector<float> expected(float scale, bool masked, bool nan_to_zero) const {
    std::vector<float> out(batch * queries * heads * v_size), scores(queries * keys), p(queries * keys);
    for (std::size_t u = 0; u < batch * heads; ++u) {
      const std::size_t b = u / heads, h = u % heads;
      const auto row = [](std::size_t n) { return static_cast<std::ptrdiff_t>(n); };
      const View<const float, 2> qv{q.data() + (b * queries * heads + h) * size, {queries, size}, {row(heads * size), 1}};
      const View<const float, 2> kv{k.data() + (b * keys * heads + h) * size, {size, keys}, {1, row(heads * size)}};
      const View<const float, 2> vv{v.data() + (b * keys * heads + h) * v_size, {keys, v_size}, {row(heads * v_size), 1}};
      ref::matmul<float, 2>({scores.data(), {queries, keys}, {row(keys), 1}}, qv, kv);
      for (std::size_t i = 0; i < scores.size(); ++i) scores[i] = scores[i] * scale + (masked ? mask[b * queries * keys + i] : 0.0f);
      ref::softmax(p.data(), scores.data(), queries, keys, 1);
      if (nan_to_zero)
        for (float& x : p) x = x == x ? x : 0;
      ref::matmul<float, 2>({out.data() + (b * queries * heads + h) * v_size, {queries, v_size}, {row(heads * v_size), 1}},
                            {p.data(), {queries, keys}, {row(keys), 1}}, vv);
    }
    return out;
  }
  [[nodiscard]] std::vector<float> run(float scale, bool masked, bool nan_to_zero) const {
    std::vector<float> out(batch * queries * heads * v_size, -7.0f), scratch(cpu::attention_scratch(keys, size), 3e38f);
    const auto n = [](std::size_t x) { return static_cast<std::int64_t>(x); };
    const Sizes<8> strides{
        {n(queries * heads * v_size), n(v_size), n(queries * heads * size), n(size), n(keys * heads * size), n(size), n(keys * heads * v_size), n(v_size)}};
    const Range units{std::size_t{0}, batch * heads};
    if (masked)
      cpu::attention_masked(units, out.data(), heads * v_size, q.data(), heads * size, k.data(), heads * size, v.data(), heads * v_size, mask.data(),
                            scratch.data(), heads, queries, keys, size, v_size, scale, strides, Sizes<3>{{n(queries * keys), 0, n(keys)}}, nan_to_zero);
    else
      cpu::attention(units, out.data(), heads * v_size, q.data(), heads * size, k.data(), heads * size, v.data(), heads * v_size, cpu::NoMask{}, scratch.data(),
                     heads, queries, keys, size, v_size, scale, strides, nan_to_zero);
    return out;
  }
};

void same_bits(const std::vector<float>& got, const std::vector<float>& want, const Case& c) {
  for (std::size_t i = 0; i < want.size(); ++i)
    ASSERT_TRUE((got[i] != got[i] && want[i] != want[i]) || std::memcmp(&got[i], &want[i], sizeof(float)) == 0)
        << c.queries << 'x' << c.keys << 'x' << c.size << " at " << i << ": " << got[i] << " not " << want[i];
}

TEST(Attention, GivesTheBitsOfItsParts) {
  for (const std::size_t n : {0u, 1u, 2u, 5u, 15u, 16u, 17u, 40u, 64u, 100u, 128u})
    for (const std::size_t d : {8u, 16u, 32u, 64u}) {
      const Case c(n, n, d, d);
      same_bits(c.run(0.25f, false, false), c.expected(0.25f, false, false), c);
      same_bits(c.run(0.3f, true, false), c.expected(0.3f, true, false), c);
    }
  for (const Case& c : {Case(3, 1100, 16, 20), Case(1, 2500, 5, 65), Case(50, 3, 7, 1)}) same_bits(c.run(1, true, true), c.expected(1, true, true), c);
}

TEST(Attention, StaticSizesGiveTheSameBits) {
  const Case c(5, 40, 32, 32);
  const std::vector<float> want = c.expected(0.5f, false, false);
  std::vector<float> out(want.size()), scratch(cpu::attention_scratch(40, 32));
  cpu::attention(Range{dim<0>{}, dim<6>{}}, out.data(), dim<96>{}, c.q.data(), dim<96>{}, c.k.data(), dim<96>{}, c.v.data(), dim<96>{}, cpu::NoMask{},
                 scratch.data(), 3, dim<5>{}, dim<40>{}, dim<32>{}, dim<32>{}, 0.5f, Sizes<8>{{480, 32, 480, 32, 3840, 32, 3840, 32}}, false);
  same_bits(out, want, c);
}

}  // namespace
}  // namespace inferc
