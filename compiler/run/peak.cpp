#include "compiler/run/peak.hpp"

#include <algorithm>
#include <cstddef>

#include "compiler/run/measure.hpp"

namespace inferc {
namespace {

constexpr std::size_t chains = 12;  // more than latency times units of any core known

#if defined(__x86_64__)
#define INFERC_CHAINS(r)                                                                                                       \
  "vfmadd231ps %%" r "0, %%" r "0, %%" r "1\n vfmadd231ps %%" r "0, %%" r "0, %%" r "2\n vfmadd231ps %%" r "0, %%" r "0, %%" r \
  "3\n"                                                                                                                        \
  "vfmadd231ps %%" r "0, %%" r "0, %%" r "4\n vfmadd231ps %%" r "0, %%" r "0, %%" r "5\n vfmadd231ps %%" r "0, %%" r "0, %%" r \
  "6\n"                                                                                                                        \
  "vfmadd231ps %%" r "0, %%" r "0, %%" r "7\n vfmadd231ps %%" r "0, %%" r "0, %%" r "8\n vfmadd231ps %%" r "0, %%" r "0, %%" r \
  "9\n"                                                                                                                        \
  "vfmadd231ps %%" r "0, %%" r "0, %%" r "10\n vfmadd231ps %%" r "0, %%" r "0, %%" r "11\n vfmadd231ps %%" r "0, %%" r "0, %%" r "12\n"
#define INFERC_CLOBBERED "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "cc"

void run_512(std::size_t n) { asm volatile("vzeroall\n1:\n" INFERC_CHAINS("zmm") "dec %0\n jnz 1b\n vzeroupper" : "+r"(n) : : INFERC_CLOBBERED); }
void run_256(std::size_t n) { asm volatile("vzeroall\n1:\n" INFERC_CHAINS("ymm") "dec %0\n jnz 1b\n vzeroupper" : "+r"(n) : : INFERC_CLOBBERED); }
#undef INFERC_CHAINS
#undef INFERC_CLOBBERED

struct Unit {
  void (*run)(std::size_t);
  double lanes;
};
Unit widest() {
  if (__builtin_cpu_supports("avx512f")) return {run_512, 16};
  if (__builtin_cpu_supports("fma")) return {run_256, 8};
  return {nullptr, 0};
}
#endif

}  // namespace

double fma_peak_gflops() {
#if defined(__x86_64__)
  constexpr std::size_t rounds = 200'000;
  const Unit unit = widest();
  if (!unit.run) return 0;
  double best = 0;
  for (int repeat = 0; repeat < 20; ++repeat) {
    const double start = thread_cpu_ns();
    unit.run(rounds);
    best = std::max(best, static_cast<double>(rounds * chains) * 2 * unit.lanes / (thread_cpu_ns() - start));
  }
  return best;
#else
  return 0;
#endif
}

}  // namespace inferc
