// Dense layers in int8 and int16 beside those in float32, in one run: shapes rows x inputs x outputs. Build: target bench_quantized.
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include <benchmark/benchmark.h>

#include "kernels/cpu/gemm.hpp"
#include "kernels/cpu/pack.hpp"
#include "kernels/cpu/quantized/blocks.hpp"
#include "kernels/cpu/quantized/linear.hpp"
#include "kernels/cpu/quantized/sparse.hpp"

namespace inferc {
namespace {

namespace q = cpu::quantized;

struct BiasRelu {
  template <class V>
  static V apply(V acc, V bias) {
    return max(acc + bias, V{});
  }
};

// Weights begin at a multiple of 64 bytes, as those of a compiled model do.
template <class T>
struct Weights {
  std::vector<T> memory;
  T* data;
  Weights(std::size_t n, T value) : memory(n + 64, value), data(memory.data()) {
    while (reinterpret_cast<std::uintptr_t>(data) % 64 != 0) ++data;
  }
};

template <std::size_t M, std::size_t K, std::size_t N>
void float32(benchmark::State& state) {
  const Weights<float> w(cpu::packed_size(K, N), 0.25f);
  std::vector<float> x(M * K, 0.5f), bias(N, 0.125f), y(M * N);
  for (auto _ : state) {
    cpu::gemm(Range{dim<0>{}, dim<M>{}}, y.data(), dim<N>{}, x.data(), dim<K>{}, w.data, dim<N>{}, dim<K>{}, cpu::epilogue<BiasRelu>(cpu::Row{bias.data()}));
    benchmark::ClobberMemory();
  }
}

template <class Kind, class X, std::size_t M, std::size_t K, std::size_t N>
void integers(benchmark::State& state) {
  using S = q::Steps<q::Add<q::Row<0>>, q::ShiftRight<fixed::Round::trn, q::Is<10>>>;
  using Out = q::Within<X, 0, 127>;
  std::vector<X> x(M * K, 3), y(M * N);
  const Weights<typename Kind::Weight> w(q::packed_size(K, N, Kind::group) / (Kind::packs_two ? 2 : 1), 0x33);
  std::vector<typename Kind::Sum> table((N + 15) / 16 * 16, 7);
  for (auto _ : state) {
    q::linear<Kind, S, Out>(Range{dim<0>{}, dim<M>{}}, y.data(), dim<N>{}, x.data(), dim<K>{}, w.data, table.data(), dim<N>{}, dim<K>{});
    benchmark::ClobberMemory();
  }
}

// int8 weights of which `percent` are zeros; columns by their number of weights, as the compiler orders neurons.
template <std::size_t K, std::size_t N, int percent>
std::vector<std::int32_t> pruned_weights() {
  std::mt19937 random(1);
  std::vector<std::int32_t> drawn(K * N), w(K * N);
  for (auto& v : drawn) v = static_cast<int>(random() % 100) < percent ? 0 : static_cast<int>(random() % 63) + 1;
  std::vector<std::size_t> order(N), weights(N);
  for (std::size_t i = 0; i < K * N; ++i) weights[i % N] += drawn[i] != 0;
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return weights[a] > weights[b]; });
  for (std::size_t i = 0; i < K * N; ++i) w[i] = drawn[i / N * N + order[i % N]];
  return w;
}

// One row.
template <std::size_t K, std::size_t N, int percent>
void pruned(benchmark::State& state) {
  using S = q::Steps<q::Add<q::Row<0>>, q::ShiftRight<fixed::Round::trn, q::Is<10>>>;
  const std::vector<std::int32_t> w = pruned_weights<K, N, percent>(), table((N + 15) / 16 * 16, 7);
  const Weights<std::int8_t> dense(q::packed_size(K, N, 4), 0);
  q::pack_groups(dense.data, w.data(), K, N, 4, N, std::size_t{1});
  std::vector<std::uint8_t> x(K, 3), y(N);
  std::vector<std::uint16_t> plan;
  std::vector<std::int8_t> packed;
  q::pack_windows(w.data(), K, N, plan, packed);
  const Weights<std::int8_t> steps(packed.size(), 0);
  std::copy(packed.begin(), packed.end(), steps.data);
  state.counters["steps"] = static_cast<double>(packed.size() / q::step_size);
  for (auto _ : state) {
    q::sparse_linear<q::Bytes<1>, S, q::Within<std::uint8_t, 0, 127>>(Range{dim<0>{}, dim<1>{}}, y.data(), dim<N>{}, x.data(), dim<K>{}, dense.data,
                                                                      table.data(), dim<N>{}, dim<K>{}, plan.data(), steps.data);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(pruned<256, 256, 80>)->Name("int8 without zeros, 80 % of 1x256x256");
BENCHMARK(pruned<256, 256, 90>)->Name("int8 without zeros, 90 % of 1x256x256");
BENCHMARK(pruned<64, 32, 80>)->Name("int8 without zeros, 80 % of 1x64x32");
BENCHMARK(pruned<64, 32, 90>)->Name("int8 without zeros, 90 % of 1x64x32");

// Many rows, by groups of four weights.
template <std::size_t M, std::size_t K, std::size_t N, int percent>
void pruned_rows(benchmark::State& state) {
  using S = q::Steps<q::Add<q::Row<0>>, q::ShiftRight<fixed::Round::trn, q::Is<10>>>;
  const std::vector<std::int32_t> w = pruned_weights<K, N, percent>(), table((N + 15) / 16 * 16, 7);
  const Weights<std::int8_t> dense(q::packed_size(K, N, 4), 0);
  q::pack_groups(dense.data, w.data(), K, N, 4, N, std::size_t{1});
  std::vector<std::uint8_t> x(M * K, 3), y(M * N);
  std::vector<std::uint16_t> plan;
  std::vector<std::int32_t> words(K / 4 * N), values;
  q::pack_blocks(
      w.data(), K, N, words.data(), [&](std::size_t v) { plan.push_back(static_cast<std::uint16_t>(v)); }, [&](std::int32_t v) { values.push_back(v); });
  const Weights<float> scratch(q::blocks_scratch(K), 0);
  for (auto _ : state) {
    q::blocks_linear<q::Bytes<1>, S, q::Within<std::uint8_t, 0, 127>>(Range{dim<0>{}, dim<M>{}}, y.data(), dim<N>{}, x.data(), dim<K>{}, dense.data,
                                                                      table.data(), dim<N>{}, dim<K>{}, plan.data(), values.data(), scratch.data);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(pruned_rows<512, 256, 256, 80>)->Name("int8 by groups, 80 % of 512x256x256");
BENCHMARK(pruned_rows<512, 256, 256, 90>)->Name("int8 by groups, 90 % of 512x256x256");
BENCHMARK(pruned_rows<512, 256, 256, 95>)->Name("int8 by groups, 95 % of 512x256x256");
BENCHMARK(pruned_rows<512, 64, 64, 95>)->Name("int8 by groups, 95 % of 512x64x64");
BENCHMARK(integers<q::Bytes<1>, std::uint8_t, 512, 256, 256>)->Name("int8, fits in pairs/512x256x256");
BENCHMARK(integers<q::Bytes<1>, std::uint8_t, 512, 64, 64>)->Name("int8, fits in pairs/512x64x64");

#define SHAPE(M, K, N)                                                                                     \
  BENCHMARK(float32<M, K, N>)->Name("float32/" #M "x" #K "x" #N);                                          \
  BENCHMARK(integers<q::Bytes<1>, std::uint8_t, M, K, N>)->Name("int8, fits in pairs/" #M "x" #K "x" #N);  \
  BENCHMARK(integers<q::Bytes<2>, std::uint8_t, M, K, N>)->Name("int8, two groups fit/" #M "x" #K "x" #N); \
  BENCHMARK(integers<q::Bytes<0>, std::uint8_t, M, K, N>)->Name("int8/" #M "x" #K "x" #N);                 \
  BENCHMARK(integers<q::Words, std::int16_t, M, K, N>)->Name("int16/" #M "x" #K "x" #N)

SHAPE(1, 16, 64);
SHAPE(1, 64, 32);
SHAPE(1, 256, 256);
SHAPE(40, 256, 256);
SHAPE(1600, 64, 64);

// Weights of 4 bits, from the second-level cache on.
#define HALVES(M, K, N)                                                                      \
  BENCHMARK(integers<q::Nibbles<1>, std::uint8_t, M, K, N>)->Name("int4/" #M "x" #K "x" #N); \
  BENCHMARK(integers<q::Bytes<1>, std::uint8_t, M, K, N>)->Name("int8 for int4/" #M "x" #K "x" #N)
HALVES(1, 512, 512);
HALVES(1, 1024, 1024);
HALVES(1, 4096, 4096);

}  // namespace
}  // namespace inferc

BENCHMARK_MAIN();
