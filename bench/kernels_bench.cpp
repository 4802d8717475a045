// ns per element (or per row) of the kernels in kernels/cpu, data in L1; GFLOP/s of the products beside the peak of fma, which
// fma_peak measures in the same run. Build: target bench_kernels.
#include <cstdint>
#include <new>
#include <random>
#include <vector>

#include <benchmark/benchmark.h>

#include "kernels/cpu/copy.hpp"
#include "kernels/cpu/gemm.hpp"
#include "kernels/cpu/map.hpp"
#include "kernels/cpu/norm.hpp"
#include "kernels/cpu/pack.hpp"
#include "kernels/cpu/reduce.hpp"
#include "kernels/cpu/softmax.hpp"
#include "kernels/cpu/top_k.hpp"

namespace inferc {
namespace {

using cpu::Step;
using cpu::Strided;

// As generated code aligns weights and buffers.
template <class T>
struct Aligned {
  using value_type = T;
  Aligned() = default;
  template <class U>
  Aligned(const Aligned<U>&) {}
  static T* allocate(std::size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), std::align_val_t{64})); }
  static void deallocate(T* p, std::size_t) { ::operator delete(p, std::align_val_t{64}); }
  bool operator==(const Aligned&) const = default;
};
using Floats = std::vector<float, Aligned<float>>;

Floats data(std::size_t n) {
  std::mt19937 random(1);
  std::normal_distribution<float> draw;
  Floats x(n);
  for (float& v : x) v = draw(random);
  return x;
}

void per_element(benchmark::State& state, std::size_t n) {
  state.counters["ns/element"] = benchmark::Counter(static_cast<double>(n) * 1e-9, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void flops(benchmark::State& state, std::size_t per_iteration) {
  state.counters["GFLOP/s"] = benchmark::Counter(static_cast<double>(per_iteration) * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

// 12 chains of fma in registers: what the machine can do.
template <std::size_t... I>
void chains(benchmark::State& state, std::index_sequence<I...>) {
  Vec c[sizeof...(I)] = {splat<Vec>(static_cast<float>(I))...};
  Vec a = splat<Vec>(0.5f), b = splat<Vec>(0.25f);
  asm("" : "+x"(a), "+x"(b));
  for (auto _ : state)
    for (int i = 0; i < 1000; ++i) ((c[I] = fma(a, c[I], b)), ...);
  (benchmark::DoNotOptimize(c[I]), ...);
  flops(state, 2 * sizeof...(I) * lanes * 1000);
}
void fma_peak(benchmark::State& state) { chains(state, std::make_index_sequence<12>{}); }
BENCHMARK(fma_peak);

template <std::size_t M, std::size_t N, std::size_t K>
void gemm(benchmark::State& state) {
  const auto a = data(M * K), w = data(K * N), bias = data(N);
  Floats packed(cpu::packed_size(K, N)), c(M * N);
  cpu::pack_panels(packed.data(), w.data(), K, N, N, 1);
  for (auto _ : state) {
    cpu::gemm(Range{std::size_t{0}, M}, c.data(), dim<N>{}, a.data(), dim<K>{}, packed.data(), dim<N>{}, dim<K>{},
              cpu::epilogue<functors::add>(cpu::Row{bias.data()}));
    benchmark::ClobberMemory();
  }
  flops(state, 2 * M * N * K);
}
BENCHMARK(gemm<8, 64, 64>);
BENCHMARK(gemm<40, 16, 64>);
BENCHMARK(gemm<40, 32, 64>);
BENCHMARK(gemm<40, 48, 64>);
BENCHMARK(gemm<40, 64, 64>);
BENCHMARK(gemm<40, 128, 128>);
BENCHMARK(gemm<40, 256, 256>);
BENCHMARK(gemm<40, 512, 256>);
BENCHMARK(gemm<40, 256, 512>);
BENCHMARK(gemm<1000, 64, 64>);
BENCHMARK(gemm<1000, 128, 128>);
BENCHMARK(gemm<1000, 256, 512>);
BENCHMARK(gemm<1000, 512, 256>);

struct Gelu {
  template <class X>
  static auto apply(X x) {
    using namespace functors;
    return mul::apply(mul::apply(splat<X>(0.5f), x), add::apply(splat<X>(1.0f), erf::apply(mul::apply(x, splat<X>(0.70710678f)))));
  }
};

template <class F>
void map(benchmark::State& state) {
  const auto n = static_cast<std::size_t>(state.range(0));
  const auto x = data(n);
  Floats y(n);
  for (auto _ : state) {
    cpu::map<F>(Range{std::size_t{0}, n}, Strided<float, 1, Step::unit>{y.data(), {1}}, Strided<const float, 1, Step::unit>{x.data(), {1}});
    benchmark::DoNotOptimize(y.data());
    benchmark::ClobberMemory();
  }
  per_element(state, n);
}
BENCHMARK(map<functors::exp>)->Arg(1024);
BENCHMARK(map<functors::tanh>)->Arg(1024);
BENCHMARK(map<functors::sigmoid>)->Arg(1024);
BENCHMARK(map<functors::erf>)->Arg(1024);
BENCHMARK(map<functors::log>)->Arg(1024);
BENCHMARK(map<functors::relu>)->Arg(1024);
BENCHMARK(map<Gelu>)->Arg(1024);

// f on one row of each length, time per row.
template <class F>
void rows(benchmark::State& state, F f) {
  const auto n = static_cast<std::size_t>(state.range(0));
  const auto x = data(16 * n);
  Floats y(16 * n);
  for (auto _ : state) {
    f(Range{std::size_t{0}, std::size_t{16}}, y.data(), x.data(), n);
    benchmark::DoNotOptimize(y.data());
    benchmark::ClobberMemory();
  }
  state.counters["ns/row"] = benchmark::Counter(16e-9, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  per_element(state, 16 * n);
}
using All = Range<std::size_t, std::size_t>;
void softmax(benchmark::State& s) {
  rows(s, [](All all, float* y, const float* x, std::size_t n) { cpu::softmax(all, y, n, x, n, n, cpu::NoEpilogue{}); });
}
template <std::size_t N>
void softmax_fixed(benchmark::State& s) {
  rows(s, [](All all, float* y, const float* x, std::size_t) { cpu::softmax(all, y, dim<N>{}, x, dim<N>{}, dim<N>{}, cpu::NoEpilogue{}); });
}
void layer_norm(benchmark::State& s) {
  const auto g = data(4096), b = data(4096);
  rows(s, [&](All all, float* y, const float* x, std::size_t n) {
    cpu::layer_norm(all, y, n, x, n, n, 1e-5f, cpu::epilogue<cpu::multiply_add>(cpu::Row{g.data()}, cpu::Row{b.data()}));
  });
}
void reduce_mean(benchmark::State& s) {
  rows(s, [](All all, float* y, const float* x, std::size_t n) { cpu::reduce_rows<cpu::reduce_mean>(all, y, x, n, n, cpu::NoEpilogue{}); });
}
void reduce_columns(benchmark::State& s) {
  rows(s, [](All, float* y, const float* x, std::size_t n) {
    cpu::reduce_columns<cpu::reduce_mean>(Range{std::size_t{0}, std::size_t{1}}, y, x, std::size_t{16}, n, cpu::NoEpilogue{});
  });
}
BENCHMARK(softmax)->Arg(5)->Arg(40)->Arg(128)->Arg(1000);
BENCHMARK(softmax_fixed<5>)->Arg(5);
BENCHMARK(softmax_fixed<40>)->Arg(40);
BENCHMARK(softmax_fixed<128>)->Arg(128);
BENCHMARK(layer_norm)->Arg(64)->Arg(256)->Arg(512);
BENCHMARK(reduce_mean)->Arg(16)->Arg(64)->Arg(1000);
BENCHMARK(reduce_columns)->Arg(64);

void transpose(benchmark::State& state) {
  const auto n = static_cast<std::size_t>(state.range(0));
  const auto x = data(n * n);
  Floats y(n * n);
  const auto p = static_cast<std::ptrdiff_t>(n);
  for (auto _ : state) {
    cpu::copy(Range{std::size_t{0}, n}, Sizes<0>{}, n, Strided<float, 2, Step::unit>{y.data(), {p, 1}}, Strided<const float, 2, Step::any>{x.data(), {1, p}});
    benchmark::ClobberMemory();
  }
  per_element(state, n * n);
}
void gather(benchmark::State& state) {
  const auto inner = static_cast<std::size_t>(state.range(0));
  const auto x = data(100 * inner);
  Floats y(1700 * inner);
  std::vector<std::int64_t> index(1700);
  for (std::size_t i = 0; i < index.size(); ++i) index[i] = static_cast<std::int64_t>(i * 37 % 100);
  for (auto _ : state) {
    benchmark::DoNotOptimize(cpu::gather(y.data(), x.data(), index.data(), std::size_t{1}, std::size_t{100}, inner, index.size()));
    benchmark::ClobberMemory();
  }
  per_element(state, 1700 * inner);
}
void top_k(benchmark::State& state) {
  const auto n = static_cast<std::size_t>(state.range(0)), k = static_cast<std::size_t>(state.range(1));
  const auto x = data(100 * n);
  Floats values(100 * k);
  std::vector<std::int64_t> indices(100 * k);
  for (auto _ : state) {
    cpu::top_k(Range{std::size_t{0}, std::size_t{100}}, values.data(), indices.data(), x.data(), n, k, true);
    benchmark::ClobberMemory();
  }
  state.counters["ns/row"] = benchmark::Counter(1e-7, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(transpose)->Arg(32)->Arg(64)->Arg(256);
BENCHMARK(gather)->Arg(1)->Arg(16)->Arg(64);
BENCHMARK(top_k)->Args({100, 17})->Args({128, 16});

}  // namespace
}  // namespace inferc

BENCHMARK_MAIN();
