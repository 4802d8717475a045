// Dense layers in int8 and int16 beside those in float32, in one run: shapes rows x inputs x outputs. Build: target bench_quantized.
#include <cstdint>
#include <random>
#include <vector>

#include <benchmark/benchmark.h>

#include "kernels/cpu/gemm.hpp"
#include "kernels/cpu/pack.hpp"
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
  using S = q::Steps<q::Add<q::Row<0>>, q::ShiftRight<fixed::Round::rnd, q::Is<10>>, q::AtLeast<q::Is<0>>, q::AtMost<q::Is<127>>>;
  std::vector<X> x(M * K, 3), y(M * N);
  const Weights<typename Kind::Weight> w(q::packed_size(K, N, Kind::group) / (Kind::packs_two ? 2 : 1), 0x33);
  std::vector<typename Kind::Sum> table((N + 15) / 16 * 16, 7);
  for (auto _ : state) {
    q::linear<Kind, S, q::To<X>>(Range{dim<0>{}, dim<M>{}}, y.data(), dim<N>{}, x.data(), dim<K>{}, w.data, table.data(), dim<N>{}, dim<K>{});
    benchmark::ClobberMemory();
  }
}

// int8 weights of which `percent` are zeros, one row.
template <std::size_t K, std::size_t N, int percent>
void pruned(benchmark::State& state) {
  using S = q::Steps<q::Add<q::Row<0>>, q::ShiftRight<fixed::Round::rnd, q::Is<10>>, q::AtLeast<q::Is<0>>, q::AtMost<q::Is<127>>>;
  std::mt19937 random(1);
  std::vector<std::int32_t> w(K * N), table((N + 15) / 16 * 16, 7);
  for (auto& v : w) v = static_cast<int>(random() % 100) < percent ? 0 : static_cast<int>(random() % 63) + 1;
  const Weights<std::int8_t> dense(q::packed_size(K, N, 4), 0), steps(K * N * 2, 0);
  q::pack_groups(dense.data, w.data(), K, N, 4, N, std::size_t{1});
  std::vector<std::uint8_t> x(K, 3), y(N);
  std::vector<std::uint16_t> plan;
  std::size_t total = 0;
  for (std::size_t p = 0; p < N / 16; ++p) {
    const std::size_t count = plan.size();
    plan.push_back(0);
    q::pack_windows(w.data(), K, N, p, [&](std::size_t first) {
      ++plan[count];
      plan.push_back(static_cast<std::uint16_t>(first));
      return steps.data + q::step_size * total++;
    });
  }
  state.counters["steps"] = static_cast<double>(total);
  for (auto _ : state) {
    q::sparse_linear<q::Bytes<1>, S, q::To<std::uint8_t>>(Range{dim<0>{}, dim<1>{}}, y.data(), dim<N>{}, x.data(), dim<K>{}, dense.data, table.data(), dim<N>{},
                                                          dim<K>{}, plan.data(), steps.data);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(pruned<256, 256, 80>)->Name("int8 without zeros, 80 % of 1x256x256");
BENCHMARK(pruned<256, 256, 90>)->Name("int8 without zeros, 90 % of 1x256x256");
BENCHMARK(pruned<64, 32, 80>)->Name("int8 without zeros, 80 % of 1x64x32");
BENCHMARK(pruned<64, 32, 90>)->Name("int8 without zeros, 90 % of 1x64x32");

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
